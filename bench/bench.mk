# SPDX-License-Identifier: BSD-2-Clause
# The bench (docs/benchmarks.md): what runs beside QEMU and inside its guest.

BENCH_TOOLS := $(BUILD)/bench/points.so $(BUILD)/bench/init

$(BUILD)/bench/points.so: bench/points.c
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
