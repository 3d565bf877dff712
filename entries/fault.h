/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions on purpose (qv.fault=KIND), to see what a dump looks like and that each protection protects. */
#ifndef ENTRIES_FAULT_H
#define ENTRIES_FAULT_H

#include <stdbool.h>

#include "common/span.h"

/*
 * KIND: ud (an undefined instruction), de (a division by zero), gp (a non-canonical address), null (a read of page 0),
 * text (a write to code), data (execution of data), stack (a write below the stack). Returns whether it knows the kind;
 * where it returns after all, the machine's page tables, the firmware's perhaps, do not protect.
 */
bool fault_provoke(struct span kind);

#endif
