/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a payload says, on COM1 and on port 0xe9, a line a clause, each clause of its protocol once:
 *
 *     PASS pvh.cr4 is 0x0, shall be 0        FAIL …        SKIP pvh.tr …: why it could not be seen here
 *     CONFORMANCE end PASSED 40 FAILED 0 SKIPPED 2
 *
 * Clause names are those of clauses.txt behind the protocol's.
 */
#ifndef CONFORMANCE_REPORT_H
#define CONFORMANCE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

/* Both expect text that is true of either outcome: "selector is 0x8, shall be 0x10". */
void check(bool holds, const char *clause, const char *format, ...) __attribute__((format(printf, 3, 4)));
void skip(const char *clause, const char *why, ...) __attribute__((format(printf, 2, 3)));

/* The protocol's name, in front of each clause from now on; it stays the caller's. Prints the begin line. */
void report_begin(const char *protocol);
/* Prints the command line, for the test to compare, and keeps it for command_line_*. */
void report_command_line(const char *text);

/* Whether the command line has this word; the number behind NAME ("conf.modules="), or `absent`. */
bool command_line_has(const char *word);
uint64_t command_line_number(const char *name, uint64_t absent);

/* What each protocol's file has: looks at everything and returns what the entry point shall return, or REPORT_HALT. */
uint64_t check_payload(void);
#define REPORT_HALT (~0ull)

#endif
