/* The plan of each step that a test captures is run with names instead of numbers, and must do what the log of the step says: programs
   that link this library have the functions of lib/ that make plans wrapped (meson.build), so that a capture with a wrong plan ends
   the program with a message. Nothing of lib/ knows of it. */
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct wg_replay;
struct wg_plan;
struct wg_unit;
struct wg_packed;

/* Walks the log, then the plan in the order in which its units run, tile by tile, and notes for each element who wrote it last. Each
   read must find the same writers in both, and so must whoever looks at results and tensors of the program's afterwards. What an
   operand reads must still lie there: lines of the block and of a tile's slots belong to the value that was written there last. false:
   message says what is wrong. Memory: 4 bytes an element of what the step uses. */
bool plan_is_right(const struct wg_plan *plan, char *message, size_t size);

/* The same for scalar calls that are packed into calls on many: each number that is handed out must be made by the same ops from the
   same numbers as in the log. */
bool packing_is_right(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                      const struct wg_packed *packed, char *message, size_t size);

/* How many plans and packed groups were found right so far. */
extern long plans_checked, packings_checked;
/* For tests of the checker: shown each plan and each packed group that was found right, or NULL. */
extern void (*plan_shown)(struct wg_plan *plan);
extern void (*packing_shown)(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit,
                             struct wg_packed *packed);

#endif
