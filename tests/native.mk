# SPDX-License-Identifier: BSD-2-Clause
# Native tests: each tests/unit/test_X.c is one cmocka program, each tests/fuzz/fuzz_X.c one libFuzzer target. Both name
# the files of ours that they need in a line of the form `/* sources: a.c b.c */`.

NATIVE_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Werror $(EFI_HEADERS) $(VERSION_DEFINE) -I.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS := 5

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

sources_of = $(shell sed -n 's:.*/\* sources\: \(.*\) \*/.*:\1:p' $(1))
HEADERS := $(wildcard */*.h tests/*/*.h)

.SECONDEXPANSION:
$(BUILD)/unit/%: tests/unit/%.c $$(call sources_of,tests/unit/%.c) $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(NATIVE_CFLAGS) $(SANITIZE) $< $(call sources_of,$<) -lcmocka -o $@

$(BUILD)/fuzz/%: tests/fuzz/%.c $$(call sources_of,tests/fuzz/%.c) $(HEADERS)
	@mkdir -p $(@D)
	clang $(NATIVE_CFLAGS) $(SANITIZE) -fsanitize=fuzzer $< $(call sources_of,$<) -o $@

# Each prints cmocka's own report. All run, then the failures count.
.PHONY: unit
unit: $(UNIT_TESTS)
	@failed=; for test in $(UNIT_TESTS); do $$test || failed="$$failed $$test"; done; \
	test -z "$$failed" || { echo "unit: failed:$$failed" >&2; exit 1; }

# Seeds first, then FUZZ_SECONDS of new inputs a target. `make fuzz FUZZ_SECONDS=600` for a long run.
.PHONY: fuzz
fuzz: $(FUZZ_TARGETS)
	@failed=; for target in $(FUZZ_TARGETS); do name=$${target##*/fuzz_}; mkdir -p $(BUILD)/corpus/$$name; \
	$$target -max_total_time=$(FUZZ_SECONDS) -print_final_stats=0 -verbosity=0 -artifact_prefix=$(BUILD)/fuzz/crash-$$name- \
	    $(BUILD)/corpus/$$name tests/fuzz/seeds/$$name >$(BUILD)/fuzz/$$name.log 2>&1 \
	    && echo "fuzz $$name: nothing found in $(FUZZ_SECONDS) s" \
	    || { tail -n 40 $(BUILD)/fuzz/$$name.log; failed="$$failed $$name"; }; done; \
	test -z "$$failed" || { echo "fuzz: failed:$$failed" >&2; exit 1; }
