/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exception dump: vector, error code, CR2, registers, and a back trace as offsets into the image, which
 * `addr2line -e build/image.elf` takes after 0x100000 is added.
 */
#include "cpu/exceptions.h"

#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "cpu/registers.h"

#define IDT_ENTRIES    256
#define ENTRY_SIZE     16     /* bytes between the entries of exceptions.S */
#define GATE_INTERRUPT 0x8e00 /* present, ring 0, 64-bit interrupt gate */
#define TRACE_MAX      16
#define GUARD_SIZE     4096 /* of start.S */

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t type; /* the IST in its lowest bits */
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

_Static_assert(sizeof(struct gate) == 16, "64-bit gate descriptor");

extern const uint8_t exception_entries[];
extern const uint8_t image_base[], text_end[], stack_guard[], stack_top[];

void (*cpu_on_exception)(void);

static struct gate idt[IDT_ENTRIES] NOINIT;
static struct descriptor_table firmware_idt;

/* Vectors behind those of exceptions are only in the table where the firmware has them. */
void exceptions_start(bool keep_interrupts)
{
    struct descriptor_table table = { EXCEPTION_VECTORS * sizeof(struct gate) - 1, (uint64_t)idt };
    uint16_t selector = SELECTOR_CODE64, ist = EXCEPTION_IST;

    if (keep_interrupts) {
        __asm__ volatile("sidt %0" : "=m"(firmware_idt));
        uint64_t size = (uint64_t)firmware_idt.limit + 1;

        if (size > sizeof(idt))
            size = sizeof(idt);
        memcpy(idt, (const void *)firmware_idt.base, size);
        if (size > EXCEPTION_VECTORS * sizeof(struct gate))
            table.limit = (uint16_t)(size - 1);
        __asm__ volatile("mov %%cs, %0" : "=r"(selector));
        ist = 0;
    }
    for (unsigned i = 0; i < EXCEPTION_VECTORS; i++) {
        uint64_t entry = (uint64_t)exception_entries + i * ENTRY_SIZE;

        idt[i] = (struct gate){ .offset_low = (uint16_t)entry,
                                .selector = selector,
                                .type = GATE_INTERRUPT | ist,
                                .offset_middle = (uint16_t)(entry >> 16),
                                .offset_high = (uint32_t)(entry >> 32) };
    }
    __asm__ volatile("lidt %0" : : "m"(table));
}

void cpu_return_exceptions(void)
{
    if (firmware_idt.base)
        __asm__ volatile("lidt %0" : : "m"(firmware_idt));
}

void cpu_take_exceptions(void)
{
    exceptions_start(true);
}

static const char *vector_name(uint64_t vector)
{
    static const char names[EXCEPTION_VECTORS][4] = { "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
                                                      "#DF", "",    "#TS", "#NP", "#SS", "#GP", "#PF", "",
                                                      "#MF", "#AC", "#MC", "#XM", "#VE", "#CP" };

    return vector < EXCEPTION_VECTORS ? names[vector] : "";
}

static bool in_text(uint64_t address)
{
    return address >= (uint64_t)image_base && address < (uint64_t)text_end;
}

/* A frame pointer is followed only upward, only aligned, and only within the stack that we came from. */
static void print_trace(const struct exception_frame *frame)
{
    uint64_t low = (uint64_t)stack_guard + GUARD_SIZE, high = (uint64_t)stack_top;
    uint64_t pointer = frame->rbp;

    if (frame->rsp < low || frame->rsp > high) { /* the firmware's stack, or one that overflowed */
        low = frame->rsp >= low - GUARD_SIZE && frame->rsp < low ? low : frame->rsp;
        high = low == frame->rsp ? low + 0x8000 : high;
    }
    print("back trace: %s0x%lx", in_text(frame->rip) ? "" : "outside the image: ",
          in_text(frame->rip) ? frame->rip - (uint64_t)image_base : frame->rip);
    for (unsigned i = 0; i < TRACE_MAX && pointer >= low && pointer <= high - 16 && !(pointer & 7); i++) {
        const uint64_t *saved = (const uint64_t *)pointer;

        if (!in_text(saved[1]))
            break;
        print(" 0x%lx", saved[1] - (uint64_t)image_base);
        low = pointer + 16;
        pointer = saved[0];
    }
    print("\n");
}

void exception_dump(const struct exception_frame *frame)
{
    static bool again;

    if (!again) {
        again = true; /* an exception in here ends it */
        if (!console_any())
            console_start_present("debugcon com1 xen");
        if (cpu.xen)
            console_start(text_span("debugcon"), true); /* answers no reads, so that it cannot be probed */
        print("\nquadrivium: error: exception: %s, vector %lu, error code 0x%lx, CR2 0x%lx\n",
              vector_name(frame->vector), frame->vector, frame->error_code, cr2_read());
        print("RIP %04lx:%016lx  RSP %04lx:%016lx  RFLAGS %016lx\n", frame->cs, frame->rip, frame->ss, frame->rsp,
              frame->rflags);
        print("RAX %016lx  RBX %016lx  RCX %016lx  RDX %016lx\n", frame->rax, frame->rbx, frame->rcx, frame->rdx);
        print("RSI %016lx  RDI %016lx  RBP %016lx  CR3 %016lx\n", frame->rsi, frame->rdi, frame->rbp, cr3_read());
        print("R8  %016lx  R9  %016lx  R10 %016lx  R11 %016lx\n", frame->r8, frame->r9, frame->r10, frame->r11);
        print("R12 %016lx  R13 %016lx  R14 %016lx  R15 %016lx\n", frame->r12, frame->r13, frame->r14, frame->r15);
        print("CR0 %016lx  CR4 %016lx  image at 0x%lx\n", cr0_read(), cr4_read(), (uint64_t)image_base);
        print_trace(frame);
        if (cpu_on_exception)
            cpu_on_exception();
    }
    for (;;)
        __asm__ volatile("cli; hlt");
}
