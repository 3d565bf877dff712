/* SPDX-License-Identifier: BSD-2-Clause */
/* The first serial port (a 16550; National Semiconductor PC16550D data sheet, section 8), with a terminal behind it. */
#include "common/console.h"

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/noinit.h"
#include "common/terminal.h"
#include "common/text.h"

#define COM1              0x3f8
#define UART_DATA         (COM1 + 0)
#define UART_INTERRUPTS   (COM1 + 1)
#define UART_DIVISOR_LOW  (COM1 + 0)
#define UART_DIVISOR_HIGH (COM1 + 1)
#define UART_FIFO         (COM1 + 2)
#define UART_LINE         (COM1 + 3)
#define UART_MODEM        (COM1 + 4)
#define UART_STATUS       (COM1 + 5)
#define UART_SCRATCH      (COM1 + 7)

#define LINE_8N1                 0x03
#define LINE_DIVISOR_ACCESS      0x80
#define FIFO_ENABLE_AND_CLEAR    0x07
#define MODEM_DTR_RTS            0x03
#define STATUS_DATA_READY        0x01
#define STATUS_DATA_WRONG        0x1c /* parity, framing, break */
#define STATUS_TRANSMITTER_READY 0x20
#define STATUS_NO_DEVICE         0xff

#define UART_CLOCK    115200  /* bits per second at divisor 1 */
#define UART_PATIENCE 1000000 /* polls: a stuck port must not stop a boot */

/* What came while we were busy printing: the device itself keeps 16 bytes, and people paste whole command lines. */
#define RECEIVED_MAX 4096
static uint8_t received_bytes[RECEIVED_MAX] NOINIT;
static struct {
    unsigned first, count;
} received;

static struct terminal terminal;

/* Puts a byte that has come aside. Noise on the line is no key. Apart, so that writing, which seldom meets one, is
 * short. */
static void __attribute__((noinline)) receive(uint8_t status)
{
    uint8_t byte;

    if (status == STATUS_NO_DEVICE || received.count == RECEIVED_MAX)
        return;
    byte = io_read8(UART_DATA);
    if (!(status & STATUS_DATA_WRONG))
        received_bytes[(received.first + received.count++) % RECEIVED_MAX] = byte;
}

/* The line status, after a byte that had come was put aside. */
static uint8_t com1_listen(void)
{
    const uint8_t status = io_read8(UART_STATUS);

    if (status & STATUS_DATA_READY)
        receive(status);
    return status;
}

static bool com1_start(struct span options, bool forced)
{
    uint64_t baud = UART_CLOCK;

    if (options.size && (!text_number(options, &baud) || baud == 0 || baud > UART_CLOCK || UART_CLOCK / baud > 0xffff))
        return false;
    if (!forced) {
        /* Where there is no port, reads give 0xff; a port keeps what its scratch register is told. */
        io_write8(UART_SCRATCH, 0x5a);
        if (io_read8(UART_SCRATCH) != 0x5a)
            return false;
    }
    io_write8(UART_INTERRUPTS, 0);
    io_write8(UART_LINE, LINE_DIVISOR_ACCESS | LINE_8N1);
    io_write8(UART_DIVISOR_LOW, (uint8_t)(UART_CLOCK / baud));
    io_write8(UART_DIVISOR_HIGH, (uint8_t)((UART_CLOCK / baud) >> 8));
    io_write8(UART_LINE, LINE_8N1);
    com1_listen(); /* a key that is held has come already, and what follows throws it away */
    io_write8(UART_FIFO, FIFO_ENABLE_AND_CLEAR);
    io_write8(UART_MODEM, MODEM_DTR_RTS);
    return true;
}

static void com1_write(char byte)
{
    for (unsigned i = 0; i < UART_PATIENCE && !(com1_listen() & STATUS_TRANSMITTER_READY); i++)
        ;
    io_write8(UART_DATA, (uint8_t)byte);
}

static bool com1_receive(uint8_t *byte)
{
    com1_listen();
    if (!received.count)
        return false;
    *byte = received_bytes[received.first];
    received.first = (received.first + 1) % RECEIVED_MAX;
    received.count--;
    return true;
}

static int com1_read(void)
{
    return terminal_read(&terminal, com1_receive, __builtin_ia32_rdtsc());
}

static bool com1_begun(void)
{
    return terminal_begun(&terminal);
}

TERMINAL_SCREEN(screen, com1_write);

const struct console console_com1 = { "com1", com1_start, com1_write, com1_read, com1_begun, &screen, NULL };
