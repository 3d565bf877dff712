/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the words of grub.cfg; see grub_words.h. GNU GRUB manual, "Shell-like scripting": in single quotes everything
 * is itself, in double quotes all but `$`, `\` and `"`; what a variable without quotes holds is split at its blanks.
 * Pure: compiled natively for tests.
 */
#include "menu/grub_words.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"

static const struct {
    char text[8];
    enum grub_keyword keyword;
} keywords[] = {
    { "if", GRUB_IF },      { "then", GRUB_THEN },  { "elif", GRUB_ELIF }, { "else", GRUB_ELSE }, { "fi", GRUB_FI },
    { "while", GRUB_LOOP }, { "until", GRUB_LOOP }, { "for", GRUB_LOOP },  { "do", GRUB_DO },     { "done", GRUB_DONE },
};

#define END (-1)

static int peek_at(const struct grub_reader *reader, uint64_t index)
{
    return index < reader->rest.size ? reader->rest.data[index] : END;
}

static int peek(const struct grub_reader *reader)
{
    return peek_at(reader, 0);
}

static int take(struct grub_reader *reader)
{
    int byte = peek(reader);

    if (byte == END)
        return END;
    reader->rest.data++;
    reader->rest.size--;
    reader->line += byte == '\n';
    return byte;
}

static bool is_letter(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_blank(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Whether `byte` stands twice: && or ||. */
static bool is_double(const struct grub_reader *reader, int byte)
{
    return peek(reader) == byte && peek_at(reader, 1) == byte;
}

static bool ends_word(const struct grub_reader *reader)
{
    int byte = peek(reader);

    return byte == END || is_blank(byte) || byte == '\n' || byte == ';' || byte == '{' || byte == '}' ||
           is_double(reader, '&') || is_double(reader, '|');
}

static void skip_comment(struct grub_reader *reader)
{
    while (peek(reader) != END && peek(reader) != '\n')
        take(reader);
}

/* Blanks, comments, and line ends behind a backslash. */
static void skip_blanks(struct grub_reader *reader)
{
    for (;;) {
        if (is_blank(peek(reader))) {
            take(reader);
        } else if (peek(reader) == '\\' && peek_at(reader, 1) == '\n') {
            take(reader);
            take(reader);
        } else if (peek(reader) == '#') {
            skip_comment(reader);
        } else {
            return;
        }
    }
}

/* ---- words ---- */

struct words {
    struct grub_reader *reader;
    struct grub_command *command;
    grub_lookup *lookup; /* NULL: nothing is kept */
    void *context;
    bool open; /* a word has begun */
};

static void set_problem(struct grub_command *command, const char *problem)
{
    if (!command->problem)
        command->problem = problem;
}

static void open_word(struct words *words)
{
    struct grub_command *command = words->command;

    if (words->open || !words->lookup)
        return;
    if (command->count == GRUB_WORDS_MAX || command->used >= GRUB_WORD_ROOM - 1) {
        set_problem(command, "has too many words");
        return;
    }
    words->open = true;
    command->word[command->count++] = command->room + command->used;
}

static void put(struct words *words, int byte)
{
    struct grub_command *command = words->command;

    open_word(words);
    if (!words->open)
        return;
    if (command->used >= GRUB_WORD_ROOM - 1) {
        set_problem(command, "is too long");
        return;
    }
    command->room[command->used++] = (char)byte;
}

static void close_word(struct words *words)
{
    struct grub_command *command = words->command;

    if (!words->open)
        return;
    words->open = false;
    command->room[command->used++] = '\0'; /* put left room for it */
}

/* The name behind `$`; false where none is there, so that the `$` is itself. */
static bool take_name(struct grub_reader *reader, char *name)
{
    const bool braces = peek(reader) == '{';
    uint64_t at = braces, length = 0;
    int first = peek_at(reader, at);

    name[0] = '\0';
    if (is_letter(first)) {
        while (is_letter(peek_at(reader, at + length)) || is_digit(peek_at(reader, at + length)))
            length++;
    } else if (is_digit(first)) {
        while (is_digit(peek_at(reader, at + length)))
            length++;
    } else if (first == '?' || first == '#' || first == '*' || first == '@') {
        length = 1;
    }
    if (!length || (braces && peek_at(reader, at + length) != '}'))
        return false;
    if (length < GRUB_NAME_MAX) { /* longer ones have no value */
        memcpy(name, reader->rest.data + at, length);
        name[length] = '\0';
    }
    for (uint64_t i = 0; i < length + 2 * braces; i++)
        take(reader);
    return true;
}

static void put_variable(struct words *words, bool quoted)
{
    char name[GRUB_NAME_MAX];
    const char *value;

    if (!take_name(words->reader, name)) {
        put(words, '$');
        return;
    }
    /* Of a command that has a problem nothing is wanted any more: values may be long, and many. */
    value = words->lookup && !words->command->problem ? words->lookup(words->context, name) : NULL;
    for (; value && *value; value++) {
        if (!quoted && is_blank((uint8_t)*value))
            close_word(words);
        else
            put(words, (uint8_t)*value);
    }
}

static void read_single_quotes(struct words *words)
{
    open_word(words);
    for (;;) {
        int byte = take(words->reader);

        if (byte == '\'')
            return;
        if (byte == END) {
            set_problem(words->command, "has a quote that is not closed");
            return;
        }
        put(words, byte);
    }
}

static void read_double_quotes(struct words *words)
{
    struct grub_reader *reader = words->reader;

    open_word(words);
    for (;;) {
        int byte = take(reader), next = peek(reader);

        if (byte == '"')
            return;
        if (byte == END) {
            set_problem(words->command, "has a quote that is not closed");
            return;
        }
        if (byte == '\\' && (next == '$' || next == '\\' || next == '"'))
            put(words, take(reader));
        else if (byte == '\\' && next == '\n')
            take(reader);
        else if (byte == '$')
            put_variable(words, true);
        else
            put(words, byte);
    }
}

static void read_word(struct words *words)
{
    struct grub_reader *reader = words->reader;

    while (!ends_word(reader)) {
        int byte = take(reader), next = peek(reader);

        if (byte == '\'')
            read_single_quotes(words);
        else if (byte == '"')
            read_double_quotes(words);
        else if (byte == '\\' && next == '\n')
            take(reader);
        else if (byte == '\\' && next != END)
            put(words, take(reader));
        else if (byte == '$' && next != '"') /* $"…" is a text to be translated */
            put_variable(words, false);
        else if (byte != '$')
            put(words, byte);
    }
    close_word(words);
}

/* ---- commands ---- */

static enum grub_keyword take_keyword(struct grub_reader *reader)
{
    struct grub_reader behind = *reader;

    while (!ends_word(&behind))
        take(&behind);
    for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
        const struct span word = { reader->rest.data, reader->rest.size - behind.rest.size };

        if (text_equals(word, keywords[i].text)) {
            *reader = behind;
            return keywords[i].keyword;
        }
    }
    return GRUB_NO_KEYWORD;
}

/* From behind one quote to behind the next; in double ones a backslash takes the next byte with it. */
static void skip_quotes(struct grub_reader *reader, int quote)
{
    for (;;) {
        int byte = take(reader);

        if (byte == END || byte == quote)
            return;
        if (byte == '\\' && quote == '"')
            take(reader);
    }
}

/* What stands between { and its }, of which the first is taken already. */
static void take_block(struct grub_reader *reader, struct grub_command *command)
{
    const uint8_t *start = reader->rest.data;
    bool at_word = true; /* where a comment may begin */
    uint64_t depth = 1;
    char name[GRUB_NAME_MAX];

    command->block = *reader;
    for (;;) {
        int byte = peek(reader);

        if (byte == '#' && at_word) {
            skip_comment(reader);
            continue;
        }
        if (byte == END) {
            set_problem(command, "has a { that is not closed");
            break;
        }
        take(reader);
        if (byte == '}' && !--depth)
            break;
        depth += byte == '{';
        at_word = is_blank(byte) || byte == '\n' || byte == ';' || byte == '{' || byte == '}';
        if (byte == '\'' || byte == '"')
            skip_quotes(reader, byte);
        else if (byte == '\\')
            take(reader);
        else if (byte == '$')
            take_name(reader, name);
    }
    command->block.rest.size = (uint64_t)(reader->rest.data - start);
    if (command->block.rest.size && !depth)
        command->block.rest.size--; /* the } */
}

/* Takes what ends a command; false where it goes on. */
static bool take_end(struct grub_reader *reader, struct grub_command *command)
{
    int byte = peek(reader);

    if (is_double(reader, '&') || is_double(reader, '|')) {
        command->end = byte == '&' ? GRUB_END_AND : GRUB_END_OR;
        take(reader);
        take(reader);
        return true;
    }
    if (byte == '}')
        set_problem(command, "has a } without its {");
    if (byte != END && byte != '\n' && byte != ';' && byte != '}')
        return false;
    take(reader);
    return true;
}

bool grub_next(struct grub_reader *reader, grub_lookup *lookup, void *context, struct grub_command *command)
{
    struct words words = { reader, command, lookup, context, false };

    command->keyword = GRUB_NO_KEYWORD;
    command->end = GRUB_END_LINE;
    command->problem = NULL;
    command->count = command->used = 0;
    command->block.rest = (struct span){ NULL, 0 };
    for (skip_blanks(reader); peek(reader) == '\n' || peek(reader) == ';'; skip_blanks(reader))
        take(reader);
    command->line = reader->line;
    if (peek(reader) == END)
        return false;
    command->keyword = take_keyword(reader);
    if (command->keyword)
        return true;
    for (;;) {
        skip_blanks(reader);
        if (take_end(reader, command))
            return true;
        if (peek(reader) != '{') {
            read_word(&words);
            continue;
        }
        take(reader);
        if (command->block.rest.data)
            set_problem(command, "has two blocks");
        take_block(reader, command);
    }
}
