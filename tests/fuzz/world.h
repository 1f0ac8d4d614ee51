/* The state of a random sequence of calls: live handles, open tapes, and the invariants checked after every call. */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert.h>

enum { USUAL_HANDLES = 24, MOST_HANDLES = 64, MOST_TAPES = 4, MOST_BYTES = 1024, MOST_ELEMENTS = 2048 };

/* A handle that may be used: of the caller (tape 0), of the module, or of the tape at that depth. */
struct handle {
    wg_tensor *t;
    int tape;
    bool borrowed;
    size_t bytes;           /* of a tensor of the caller's, if few enough to compare */
    char saved[MOST_BYTES]; /* its contents when the outermost tape was opened, or at the last committed update */
};

struct open_tape {
    wg_tape *tape;
    bool failed; /* an error was recorded while it was on top */
};

struct world {
    uint64_t random, seed;
    bool verbose;
    const char *doing; /* the running action */
    struct handle handle[MOST_HANDLES];
    int n;
    struct open_tape open[MOST_TAPES];
    int depth;
    bool updating;
    bool any_failed; /* on some open tape */
    bool written;    /* the caller wrote while a tape was open: such writes are not undone */
    wg_nn_module *net;
    wg_optim *optim;
    wg_replay *replay;
    wg_tensor *captured; /* the captured step's operand, not in the list of handles */
    int *closures;       /* live contexts: each must be destroyed exactly once */
};

/* ---- random choices ---- */

static inline uint64_t draw(struct world *w)
{
    uint64_t z = (w->random += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static inline int below(struct world *w, int n)
{
    return (int)(draw(w) % (uint64_t)n);
}

static inline bool chance(struct world *w, int percent)
{
    return below(w, 100) < percent;
}

/* ---- invariants ---- */

/* Prints what was violated and the sequence's seed, and ends the program. */
_Noreturn void broken(const struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void say(const struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void say(const struct world *w, const char *format, ...)
{
    if (!w->verbose)
        return;
    va_list rest;
    va_start(rest, format);
    vprintf(format, rest);
    va_end(rest);
    fflush(stdout);
}

/* Checks after a call that it succeeded and no error is recorded, or that it failed and an error says why. Clears the error. */
void judge(struct world *w, bool succeeded);
wg_status judged(struct world *w, wg_status status);
/* The same for a call that returns a tensor, which is added to the list if it is not NULL. Returns it. */
wg_tensor *adopt(struct world *w, wg_tensor *t);

/* ---- handles and tapes ---- */

void make_way(struct world *w);          /* between actions: drops the oldest handles if there are too many, those of a tape
                                            first */
wg_tensor *any_handle(struct world *w);  /* NULL if there is none */
wg_tensor *fresh_value(struct world *w); /* not in the list: it belongs to the open tape, or to the caller, who must adopt it */
wg_shape any_shape(struct world *w);
void forget(struct world *w, const wg_tensor *t);
void save_owned(struct world *w); /* saves the caller's tensors: a failed step must restore them */
void open_tape(struct world *w, bool trace);
void close_tape(struct world *w); /* closes the top tape; if it failed, its effects must be undone */

/* ---- actions (act_*.c) ---- */

struct action {
    const char *name;
    int weight;
    void (*run)(struct world *w);
};
extern const struct action value_actions[], op_actions[], tape_actions[], function_actions[],
    step_actions[]; /* each ends with NULL */

/* A few random ops on x, the same for the same seed; NULL on failure. The results are not adopted. */
wg_tensor *random_expression(uint64_t seed, wg_tensor *const *x, size_t n);

#endif
