# SPDX-License-Identifier: BSD-2-Clause
# Native tests: each tests/unit/test_X.c is one cmocka program, each tests/fuzz/fuzz_X.c one libFuzzer target. Both name
# the files of ours that they need in a line of the form `/* sources: a.c b.c */`, and what else to link in one of the form
# `/* libraries: -lx */`.

NATIVE_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Werror $(EFI_HEADERS) $(VERSION_DEFINE) -I.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS := 60

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

sources_of = $(shell sed -n 's:.*/\* sources\: \(.*\) \*/.*:\1:p' $(1))
libraries_of = $(shell sed -n 's:.*/\* libraries\: \(.*\) \*/.*:\1:p' $(1))
HEADERS := $(wildcard */*.h tests/*/*.h)

.SECONDEXPANSION:
$(BUILD)/unit/%: tests/unit/%.c $$(call sources_of,tests/unit/%.c) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  UNIT    $<"
	@$(CC) $(NATIVE_CFLAGS) $(SANITIZE) $< $(call sources_of,$<) $(call libraries_of,$<) -lcmocka -o $@

$(BUILD)/fuzz/%: tests/fuzz/%.c $$(call sources_of,tests/fuzz/%.c) $(HEADERS)
	@mkdir -p $(@D)
	@echo "  FUZZ    $<"
	@clang $(NATIVE_CFLAGS) $(SANITIZE) -fsanitize=fuzzer $< $(call sources_of,$<) $(call libraries_of,$<) -o $@

# By hand; `make check` runs both through tests/native/test_native.py.
.PHONY: unit
unit: $(UNIT_TESTS)
	@failed=; for test in $(UNIT_TESTS); do $$test || failed="$$failed $$test"; done; \
	test -z "$$failed" || { echo "unit: failed:$$failed" >&2; exit 1; }

# A long run: `make fuzz FUZZ_SECONDS=600`.
.PHONY: fuzz
fuzz: $(FUZZ_TARGETS)
	QUADRIVIUM_FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTEST) -rfE -k fuzz tests/native
