# SPDX-License-Identifier: BSD-2-Clause
# Quadrivium. `make` builds, `make run` boots, `make check` tests; see README.md.

VERSION := 0.1
BUILD   := build
CC      := gcc
OBJCOPY := objcopy

# ---- the image ----

IMAGE_C := $(wildcard common/*.c cpu/*.c pagetables/*.c firmware/*.c handoff/*.c payloads/*.c storage/*.c menu/*.c entries/*.c)
HEADER_S := entries/headers.S entries/linux16.S
IMAGE_S := $(filter-out %.lds.S $(HEADER_S),$(wildcard cpu/*.S handoff/*.S entries/*.S))
IMAGE_O := $(IMAGE_C:%.c=$(BUILD)/%.o) $(IMAGE_S:%.S=$(BUILD)/%.S.o)
HEADER_O := $(HEADER_S:%.S=$(BUILD)/%.S.o)

WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wshadow
VERSION_DEFINE := -DQUADRIVIUM_VERSION='"$(VERSION)"'
# gnu-efi's headers are those of a library: their own style of C is not ours to mend.
EFI_HEADERS := -DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
IMAGE_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) $(VERSION_DEFINE) $(EFI_HEADERS) -I. \
	-ffreestanding -fpie -fvisibility=hidden -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	-fno-strict-aliasing -fstack-protector-strong -mno-red-zone -mgeneral-regs-only -mcmodel=small -MMD -MP
IMAGE_LDFLAGS := -z norelro -z noexecstack -z max-page-size=4096 --build-id=none --orphan-handling=error \
	--no-warn-rwx-segments
# Debian's libraries, of which the decoders (payloads/unpack.h) and what reads and checks FITs (payloads/fit.h) are linked
# in; and the compiler's own, which does the division of long numbers.
LIBRARIES := $(foreach library,libz.a libzstd.a liblz4.a liblzma.a libfdt.a libmbedcrypto.a libgcc.a,\
	$(shell $(CC) -print-file-name=$(library)))

IMAGES := $(BUILD)/quadrivium.elf $(BUILD)/quadrivium.efi

.PHONY: all
all: $(IMAGES) $(BUILD)/quadrivium-pack

$(BUILD)/%.o: %.c | $(BUILD)/packages-build
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(IMAGE_CFLAGS) -c $< -o $@

$(BUILD)/%.S.o: %.S | $(BUILD)/packages-build
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CC) -D__ASSEMBLY__ -g -I. -MMD -MP -c $< -o $@

$(BUILD)/%.lds: entries/%.lds.S common/layout.h
	@mkdir -p $(@D)
	@$(CC) -E -P -x c -I. $< -o $@

# The body is linked position-independent; the headers then take their numbers from its symbols.
$(BUILD)/image.elf: $(BUILD)/image.lds $(IMAGE_O)
	@echo "  LD      $@"
	@$(LD) $(IMAGE_LDFLAGS) -pie --no-dynamic-linker -z text -T $< -Map=$(BUILD)/image.map $(IMAGE_O) $(LIBRARIES) -o $@

$(BUILD)/headers.elf: $(BUILD)/headers.lds $(HEADER_O) $(BUILD)/image.elf
	@echo "  LD      $@"
	@$(LD) $(IMAGE_LDFLAGS) --no-check-sections -T $< --just-symbols=$(BUILD)/image.elf $(HEADER_O) -o $@

$(BUILD)/body: $(BUILD)/image.elf
	@$(OBJCOPY) -O binary $< $@

# One body, two files: which of the first 64 bytes, and whether "HdrS" (common/layout.h).
$(BUILD)/quadrivium.elf: $(BUILD)/headers.elf $(BUILD)/body
	@$(OBJCOPY) -O binary -R .mz_header -R .setup_magic $< $@.headers
	@cat $@.headers $(BUILD)/body >$@
	@echo "  IMAGE   $@"

$(BUILD)/quadrivium.efi: $(BUILD)/headers.elf $(BUILD)/body
	@$(OBJCOPY) -O binary -R .elf_header $< $@.headers
	@cat $@.headers $(BUILD)/body >$@
	@echo "  IMAGE   $@"

-include $(IMAGE_O:.o=.d) $(HEADER_O:.o=.d)

# ---- the host tool ----

PACK_C := tools/pack.c tools/image.c tools/fit_key.c tools/recompress.c common/text.c common/failure.c \
	$(filter-out payloads/expand.c payloads/direct.c payloads/library.c payloads/print.c payloads/landing.c,$(wildcard payloads/*.c))

$(BUILD)/quadrivium-pack: $(PACK_C) $(wildcard tools/*.h payloads/*.h common/*.h common/layout.h) | $(BUILD)/packages-build
	@echo "  TOOL    $@"
	@$(CC) -std=gnu11 -O2 -g $(WARNINGS) $(VERSION_DEFINE) -I. $(PACK_C) -l:libmbedx509.a $(LIBRARIES) -o $@

# ---- tests ----

include tests/native.mk
include tests/conformance/conformance.mk

# Debian's tools of the tests are for Debian's python3, which need not be the first on PATH.
PYTHON := /usr/bin/python3
JOBS   := $(shell nproc)
PYTEST := $(PYTHON) -m pytest -v -n $(JOBS) -p no:cacheprovider

# Sets up what is missing, builds, runs every test; K=pattern runs those whose names match (pytest's -k).
.PHONY: check
check:
	@tools/setup.sh build run check
	@$(MAKE) --no-print-directory all $(UNIT_TESTS) $(FUZZ_TARGETS) $(BENCH_TOOLS) conformance
	@$(MAKE) --no-print-directory format-check
	$(PYTEST) -rfE $(if $(K),-k "$(K)") tests/boot tests/native tests/unit tests/image

# The same with each fuzzer running for a minute, from where chance takes it, and with all rows of tests/boot/exits.txt.
.PHONY: check-all
check-all:
	@QUADRIVIUM_FUZZ_SECONDS=60 QUADRIVIUM_ALL=1 $(MAKE) --no-print-directory check

.PHONY: format-check
format-check:
	@clang-format --dry-run --Werror $(filter-out entries/assembler.h,$(wildcard */*.c */*.h tests/*/*.c tests/*/*.h))

# The tables in docs/ that tests write.
.PHONY: docs
docs: all conformance
	@tools/setup.sh build run check
	@$(MAKE) --no-print-directory $(BENCH_TOOLS)
	QUADRIVIUM_WRITE_DOCS=1 QUADRIVIUM_ALL=1 $(PYTEST) -rfE tests/image \
		$(addprefix tests/boot/test_,cost.py exits.py conformance.py loader_interface.py measure.py formats.py menu.py \
		menu_cost.py xen_guests.py kernels.py)

# ---- measuring ----

include bench/bench.mk

# ---- running ----

DOOR := pvh

# Boots a real Debian kernel in QEMU through DOOR; AUTO=1 powers off by itself.
.PHONY: run
run:
	@tools/setup.sh build run
	@$(MAKE) --no-print-directory --silent all
	@$(PYTHON) tests/boot/run.py $(DOOR) $(if $(AUTO),--auto)

# ---- installing ----

PREFIX := /usr/local

.PHONY: install
install: all
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/quadrivium $(IMAGES)
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/quadrivium-pack
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 docs/quadrivium-pack.1

# ---- packages ----

# Says once, by their Debian names, which packages the build lacks.
$(BUILD)/packages-build: tools/packages tools/setup.sh
	@mkdir -p $(@D)
	@tools/setup.sh --check build
	@touch $@

.PHONY: clean
clean:
	rm -rf $(BUILD)
