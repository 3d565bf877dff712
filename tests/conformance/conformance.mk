# SPDX-License-Identifier: BSD-2-Clause
# The payloads of the conformance tests (tests/boot/test_conformance.py): one for each exit protocol and each shape that a
# payload of it can have. tests/conformance/clauses.txt says what each one checks.

CONFORMANCE := $(BUILD)/conformance
CONFORMANCE_PAYLOADS := linux pvh pvh32 pvh-reloc multiboot multiboot-flat \
	multiboot2 multiboot2-flat multiboot2-reloc multiboot2-efi efi

CONFORMANCE_COMMON := entry32.S memory.S report.c processor.c tables.c map.c modules.c
CONFORMANCE_MULTIBOOT2 := multiboot2.S check_multiboot2.c sections.c
CONFORMANCE_WHERE := -DCONFORMANCE_TAIL=0x4c494154444e4551 -DCONFORMANCE_BASE

# What each is made of, where it is linked to, what its sources are told, and the form of its file.
linux_PARTS := linux.S entry64.S check_linux.c check_boot_params.c
linux_FLAGS := $(CONFORMANCE_WHERE)=0x1000000 -DCONFORMANCE_SETUP=0x400
linux_FORM  := binary
pvh_PARTS := pvh.S check_pvh.c
pvh_FLAGS := $(CONFORMANCE_WHERE)=0x1000000 -DCONFORMANCE_NOTE
pvh_FORM  := elf64-x86-64
pvh32_PARTS := $(pvh_PARTS)
pvh32_FLAGS := $(pvh_FLAGS)
pvh32_FORM  := elf32-i386
# Linked to where it may not stay on a machine of 32 MiB; a loader that cannot move it leaves it there.
pvh-reloc_PARTS := $(pvh_PARTS)
pvh-reloc_FLAGS := $(CONFORMANCE_WHERE)=0x2000000 -DCONFORMANCE_NOTE -DPVH_RELOCATABLE \
	-DPVH_ALIGNMENT=0x200000 -DPVH_MINIMUM=0x1000000 -DPVH_MAXIMUM=0x7fffffff
pvh-reloc_FORM  := elf64-x86-64
multiboot_PARTS := multiboot.S check_multiboot.c sections.c
multiboot_FLAGS := $(CONFORMANCE_WHERE)=0x1000000
multiboot_FORM  := elf32-i386
multiboot-flat_PARTS := $(multiboot_PARTS)
multiboot-flat_FLAGS := $(multiboot_FLAGS) -DMULTIBOOT_FLAT
multiboot-flat_FORM  := binary
multiboot2_PARTS := $(CONFORMANCE_MULTIBOOT2) check_multiboot2_i386.c
multiboot2_FLAGS := $(CONFORMANCE_WHERE)=0x1000000
multiboot2_FORM  := elf32-i386
multiboot2-flat_PARTS := $(multiboot2_PARTS)
multiboot2-flat_FLAGS := $(multiboot2_FLAGS) -DMULTIBOOT2_FLAT
multiboot2-flat_FORM  := binary
CONFORMANCE_RELOCATABLE := -DMULTIBOOT2_RELOCATABLE -DMULTIBOOT2_MINIMUM=0x400000 -DMULTIBOOT2_MAXIMUM=0x7fffffff \
	-DMULTIBOOT2_ALIGNMENT_WANTED=0x200000
multiboot2-reloc_PARTS := $(multiboot2_PARTS)
multiboot2-reloc_FLAGS := $(multiboot2_FLAGS) $(CONFORMANCE_RELOCATABLE)
multiboot2-reloc_FORM  := elf32-i386
multiboot2-efi_PARTS := $(CONFORMANCE_MULTIBOOT2) check_multiboot2_efi.c efi_services.c entry64.S
multiboot2-efi_FLAGS := $(multiboot2_FLAGS) $(CONFORMANCE_RELOCATABLE) -DMULTIBOOT2_EFI
multiboot2-efi_FORM  := elf64-x86-64
efi_PARTS := efi.S entry64.S check_efi.c check_load_file.c efi_services.c
efi_FLAGS := $(CONFORMANCE_WHERE)=0
efi_FORM  := binary

# Position-independent without relocations, since nobody is there to apply any: a pointer in data would be wrong.
CONFORMANCE_CFLAGS := -std=gnu11 -O2 $(WARNINGS) $(EFI_HEADERS) -I. -ffreestanding -fpie -fvisibility=hidden \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-stack-protector -fno-jump-tables -mno-red-zone \
	-mgeneral-regs-only -mcmodel=small -MMD -MP

# $(1): the payload's name
define CONFORMANCE_RULES
CONFORMANCE_$(1)_O := $$(patsubst %,$(CONFORMANCE)/$(1)/%.o,$$(CONFORMANCE_COMMON) $$($(1)_PARTS) text.c string.c)

$(CONFORMANCE)/$(1)/%.c.o: tests/conformance/%.c tests/conformance/conformance.mk | $(BUILD)/packages-build
	@mkdir -p $$(@D)
	@$(CC) $(CONFORMANCE_CFLAGS) $$($(1)_FLAGS) -c $$< -o $$@

$(CONFORMANCE)/$(1)/%.c.o: common/%.c tests/conformance/conformance.mk | $(BUILD)/packages-build
	@mkdir -p $$(@D)
	@$(CC) $(CONFORMANCE_CFLAGS) $$($(1)_FLAGS) -c $$< -o $$@

$(CONFORMANCE)/$(1)/%.S.o: tests/conformance/%.S tests/conformance/conformance.mk | $(BUILD)/packages-build
	@mkdir -p $$(@D)
	@$(CC) -D__ASSEMBLY__ -I. $$($(1)_FLAGS) -MMD -MP -c $$< -o $$@

$(CONFORMANCE)/$(1).elf: $$(CONFORMANCE_$(1)_O) tests/conformance/payload.lds.S
	@$(CC) -E -P -x c $$($(1)_FLAGS) tests/conformance/payload.lds.S -o $(CONFORMANCE)/$(1)/payload.lds
	@! readelf --relocs --wide $$(filter %.c.o,$$^) | grep -E 'R_X86_64_(64|32)' || \
		{ echo "conformance: error: $(1): a pointer in data" >&2; exit 1; }
	@$(LD) --no-warn-rwx-segments -z noexecstack -z max-page-size=4096 --build-id=none \
		-T $(CONFORMANCE)/$(1)/payload.lds $$(CONFORMANCE_$(1)_O) -o $$@


-include $$(CONFORMANCE_$(1)_O:.o=.d)
endef

$(foreach payload,$(CONFORMANCE_PAYLOADS),$(eval $(call CONFORMANCE_RULES,$(payload))))

$(CONFORMANCE)/%.payload: $(CONFORMANCE)/%.elf
	@echo "  PAYLOAD $@"
	@$(OBJCOPY) --strip-debug -O $($*_FORM) $< $@

.PHONY: conformance
conformance: $(CONFORMANCE_PAYLOADS:%=$(CONFORMANCE)/%.payload)
