# SPDX-License-Identifier: BSD-2-Clause
# The bench (docs/benchmarks.md): what runs beside QEMU and inside its guest.

BENCH_TOOLS := $(addprefix $(BUILD)/bench/,points.so blocks.so init unpack)

$(BUILD)/bench/%.so: bench/%.c
	@mkdir -p $(@D)
	@echo "  BENCH   $<"
	@$(CC) -std=gnu11 -O2 $(WARNINGS) -fPIC -fvisibility=hidden -shared $< -o $@

# At an address where nothing else of a boot runs (bench/points.py).
$(BUILD)/bench/init: bench/init.S
	@mkdir -p $(@D)
	@echo "  BENCH   $<"
	@$(CC) -nostdlib -static -Wl,-Ttext-segment=0x515600000000 -Wl,--build-id=none $< -o $@

# BENCH=options of bench/bench.py.
.PHONY: bench bench-quick
bench bench-quick:
	@tools/setup.sh build run check
	@$(MAKE) --no-print-directory all $(BENCH_TOOLS) $(BUILD)/conformance/pvh.payload
	$(PYTHON) bench/bench.py $(if $(filter bench-quick,$@),--quick) $(BENCH)

# docs/price.md: what each protocol costs in code, bytes, fields, instructions and tests.
.PHONY: bench-price
bench-price: all
	$(PYTHON) bench/price.py

# ---- who unpacks faster, natively (docs/unpacking.md) ----

# Our decoders as the image has them: its objects, and the libraries'. Only what is named can be seen from outside, so that
# the rest of the program has the C library's memcpy and malloc.
DECODER_O := $(addprefix $(BUILD)/,$(addprefix payloads/,unpack.o unpack_gzip.o unpack_lz4.o unpack_lzma.o unpack_xz.o \
	unpack_zstd.o) $(addprefix common/,failure.o heap.o map.o string.o text.o))
DECODER_NAMES := unpack unpack_recognise heap_start heap_end map_add

$(BUILD)/bench/decoders.o: $(DECODER_O)
	@mkdir -p $(@D)
	@$(LD) -r $^ $(filter %/libz.a %/libzstd.a %/liblz4.a %/liblzma.a,$(LIBRARIES)) -o $@
	@$(OBJCOPY) $(addprefix --keep-global-symbol=,$(DECODER_NAMES)) $@

# Linux's, where bench/unpack.py has unpacked Debian's packages of its source and its headers, with the flags of
# arch/x86/boot/compressed/Makefile.
LINUX := $(BUILD)/bench/linux
LINUX_COMMON := $(wildcard $(LINUX)/usr/src/linux-headers-*-common)
LINUX_BUILT := $(wildcard $(LINUX)/usr/src/linux-headers-*-amd64)
LINUX_O := $(if $(wildcard $(LINUX)/ready),$(addprefix $(BUILD)/bench/linux-,xz.o zstd.o lz4.o))
LINUX_CFLAGS = -m64 -O2 -std=gnu11 -fno-strict-aliasing -fPIE -fno-jump-tables -DDISABLE_BRANCH_PROFILING -mcmodel=small \
	-mno-red-zone -mno-mmx -mno-sse -ffreestanding -fshort-wchar -fno-stack-protector -Wno-pointer-sign \
	-fno-asynchronous-unwind-tables -D__DISABLE_EXPORTS -D__KERNEL__ -D__NO_FORTIFY \
	-DKBUILD_MODNAME='"misc"' -DKBUILD_MODFILE='"misc"' -nostdinc -I. -I$(LINUX)/source \
	$(foreach tree,$(LINUX_COMMON),-I$(tree)/arch/x86/include) $(foreach tree,$(LINUX_BUILT),-I$(tree)/arch/x86/include/generated) \
	$(foreach tree,$(LINUX_COMMON) $(LINUX_BUILT),-I$(tree)/include) \
	-I$(LINUX_COMMON)/arch/x86/include/uapi -I$(LINUX_BUILT)/arch/x86/include/generated/uapi \
	-I$(LINUX_COMMON)/include/uapi -I$(LINUX_BUILT)/include/generated/uapi \
	$(foreach name,hidden compiler-version kconfig compiler_types,-include $(LINUX_COMMON)/include/linux/$(name).h)

$(BUILD)/bench/linux_%.part: bench/linux_%.c bench/linux_decoder.h $(LINUX)/ready
	@echo "  BENCH   $<"
	@$(CC) $(LINUX_CFLAGS) -c $< -o $@

$(BUILD)/bench/linux-%.o: $(BUILD)/bench/linux_%.part $(BUILD)/bench/linux_string.part
	@$(LD) -r $^ -o $@
	@$(OBJCOPY) --keep-global-symbol=linux_un$* $@

$(BUILD)/bench/unpack: bench/unpack.c $(BUILD)/bench/decoders.o $(LINUX_O)
	@echo "  BENCH   $<"
	@$(CC) -std=gnu11 -O2 $(WARNINGS) -I. $^ -o $@

# BENCH=options of bench/unpack.py.
.PHONY: bench-unpack
bench-unpack:
	@tools/setup.sh build run check
	@$(MAKE) --no-print-directory all $(BENCH_TOOLS)
	$(PYTHON) bench/unpack.py $(BENCH)
