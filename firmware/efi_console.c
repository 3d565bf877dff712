/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's console: Simple Text Output and Simple Text Input (UEFI 2.10, sections 12.3 and 12.4), as long as boot
 * services are alive.
 */
#include <efi.h>

#include "common/console.h"
#include "common/keys.h"
#include "common/text.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"

/* What mode 0 has (UEFI 2.10, section 12.4.1), where a mode does not say. */
#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS    25

static SIMPLE_TEXT_OUTPUT_INTERFACE *output(void)
{
    return efi_alive() ? efi_system_table()->ConOut : NULL;
}

static bool console_ready(struct span options, bool forced)
{
    (void)forced;
    return !options.size && output();
}

/* A line at a time: for each string the firmware takes its cursor away and draws it again. */
static struct {
    CHAR16 text[128];
    unsigned count;
} line;

static void console_flush(void)
{
    line.text[line.count] = 0;
    if (line.count && output())
        output()->OutputString(output(), line.text);
    line.count = 0;
}

static void console_write(char byte)
{
    line.text[line.count++] = (CHAR16)(uint8_t)byte;
    if (line.count == sizeof(line.text) / sizeof(*line.text) - 1)
        console_flush();
}

/* UEFI 2.10, table 12.2: EFI scan codes. */
static int key_of(const EFI_INPUT_KEY *key)
{
    static const uint16_t by_code[] = { [SCAN_UP] = KEY_UP,           [SCAN_DOWN] = KEY_DOWN,
                                        [SCAN_RIGHT] = KEY_RIGHT,     [SCAN_LEFT] = KEY_LEFT,
                                        [SCAN_HOME] = KEY_HOME,       [SCAN_END] = KEY_END,
                                        [SCAN_INSERT] = KEY_INSERT,   [SCAN_DELETE] = KEY_DELETE,
                                        [SCAN_PAGE_UP] = KEY_PAGE_UP, [SCAN_PAGE_DOWN] = KEY_PAGE_DOWN,
                                        [SCAN_ESC] = KEY_ESCAPE };
    const uint16_t code = key->ScanCode, character = key->UnicodeChar;

    if (code)
        return code < sizeof(by_code) / sizeof(*by_code) && by_code[code] ? by_code[code] : KEY_OTHER;
    if (character == CHAR_BACKSPACE)
        return KEY_BACKSPACE;
    if (character == CHAR_LINEFEED)
        return KEY_ENTER;
    return character <= 0x7f ? character : KEY_OTHER;
}

static int read_key(void)
{
    SIMPLE_INPUT_INTERFACE *in = efi_alive() ? efi_system_table()->ConIn : NULL;
    EFI_INPUT_KEY key;

    return in && in->ReadKeyStroke(in, &key) == EFI_SUCCESS ? key_of(&key) : KEY_NONE;
}

/*
 * A serial terminal's driver gives what it does not know (EDK2: xterm's PgUp, Delete, F5) as characters: Escape with
 * the next one, faster than anybody types, and the rest as it comes.
 */
static struct {
    struct key_decoder decoder;
    uint64_t decoded_at; /* ticks: when it took its last character */
    int kept;            /* a key that was read, and not yet given */
} input;

#define SEQUENCE_TICKS 1000000000ull /* in which the rest has to come */

static int next_key(void)
{
    const int kept = input.kept;

    input.kept = KEY_NONE;
    return kept != KEY_NONE ? kept : read_key();
}

/* Whether a key is the first of a terminal's sequence. */
static bool begins_sequence(int key)
{
    if (key != KEY_ESCAPE)
        return false;
    input.kept = read_key();
    if (input.kept != '[' && input.kept != 'O')
        return false;
    key_decode(&input.decoder, KEY_ESCAPE);
    return true;
}

static int console_key(void)
{
    int key = next_key();

    if (!input.decoder.count) {
        if (!begins_sequence(key))
            return key;
        input.decoded_at = __builtin_ia32_rdtsc();
        key = next_key();
    }
    while (key != KEY_NONE) {
        if (key > 0xff) {
            input.kept = key;
            return key_decode_end(&input.decoder);
        }
        input.decoded_at = __builtin_ia32_rdtsc();
        key = key_decode(&input.decoder, (uint8_t)key);
        if (key != KEY_NONE)
            return key;
        key = next_key();
    }
    return __builtin_ia32_rdtsc() - input.decoded_at > SEQUENCE_TICKS ? key_decode_end(&input.decoder) : KEY_NONE;
}

static bool console_begun(void)
{
    return input.decoder.count || input.kept != KEY_NONE;
}

/* ---- the screen ---- */

static void screen_size(unsigned *columns, unsigned *rows)
{
    UINTN wide = 0, high = 0;

    if (output() && (output()->QueryMode(output(), (UINTN)output()->Mode->Mode, &wide, &high) || !wide || !high))
        wide = high = 0;
    *columns = wide ? (unsigned)wide : DEFAULT_COLUMNS;
    *rows = high ? (unsigned)high : DEFAULT_ROWS;
}

static void screen_style(enum style style)
{
    static const uint8_t attributes[] = { [STYLE_PLAIN] = EFI_LIGHTGRAY | EFI_BACKGROUND_BLACK,
                                          [STYLE_SELECTED] = EFI_BLACK | EFI_BACKGROUND_LIGHTGRAY,
                                          [STYLE_TITLE] = EFI_WHITE | EFI_BACKGROUND_BLACK,
                                          [STYLE_MUTED] =
                                              EFI_CYAN | EFI_BACKGROUND_BLACK, /* dark grey cannot be read on OVMF */
                                          [STYLE_WARNING] = EFI_YELLOW | EFI_BACKGROUND_BLACK };

    console_flush();
    if (output())
        output()->SetAttribute(output(), attributes[style]);
}

static void screen_clear(void)
{
    screen_style(STYLE_PLAIN);
    if (output())
        output()->ClearScreen(output());
}

static void screen_move(unsigned column, unsigned row)
{
    console_flush();
    if (output())
        output()->SetCursorPosition(output(), column, row);
}

static void screen_cursor(bool visible)
{
    console_flush();
    if (output())
        output()->EnableCursor(output(), visible);
}

/* ---- modes ---- */

/* As much as can be read from where one sits: what "auto" takes at most. */
#define AUTO_COLUMNS 132
#define AUTO_ROWS    50

/* The mode with the most characters among those that are not larger than this; -1: there is none. */
static INT32 largest_mode(UINTN columns_max, UINTN rows_max)
{
    UINTN most = 0;
    INT32 found = -1;

    for (INT32 mode = 0; mode < output()->Mode->MaxMode; mode++) {
        UINTN columns, rows;

        /* A mode may be missing in between (section 12.4.1: 80x50 need not be there). */
        if (output()->QueryMode(output(), (UINTN)mode, &columns, &rows) || columns > columns_max || rows > rows_max ||
            columns * rows <= most)
            continue;
        most = columns * rows;
        found = mode;
    }
    return found;
}

bool efi_console_mode(struct span mode)
{
    uint64_t number;

    if (!output() || !mode.data || text_equals(mode, "keep"))
        return true;
    if (text_equals(mode, "auto"))
        number = (uint64_t)(int64_t)largest_mode(AUTO_COLUMNS, AUTO_ROWS);
    else if (text_equals(mode, "max"))
        number = (uint64_t)(int64_t)largest_mode(UINT32_MAX, UINT32_MAX);
    else if (!text_number(mode, &number))
        return false;
    if (number >= (uint64_t)output()->Mode->MaxMode)
        return false;
    return number == (uint64_t)output()->Mode->Mode || !output()->SetMode(output(), number);
}

static const struct screen screen = { screen_size, screen_clear, screen_move, screen_style, screen_cursor };

const struct console console_efi = { "efi",         console_ready, console_write, console_key,
                                     console_begun, &screen,       console_flush };
