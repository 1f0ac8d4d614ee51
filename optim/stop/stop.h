/* What a stopping object is: numbers that are counted or told, and tensors whose best values are kept. */
#ifndef OPTIM_STOP_STOP_H
#define OPTIM_STOP_STOP_H

#include <time.h>

#include "../scalars.h"
#include "wengert/stopping.h"

enum { STEPS, EVALUATIONS, SECONDS, GRADIENT_NORM, TOLD, BEST, BEST_STEP, BAD, STOP_NOT_FINITE, NUMBERS };

struct kept {
    wg_tensor *tensor, *borrowed; /* the program's */
    wg_tensor *copy;              /* its value at the best told one */
};

struct wg_stopping {
    wg_stopping_options options;
    struct scalars numbers;
    bool failed; /* the last wg_stopping_done, for its text */
    bool clock_runs;
    struct timespec last; /* when seconds were counted, if it runs */
    size_t n_kept;
    struct kept *kept;
    /* Of wg_stopping_state: the numbers, then the copies. */
    wg_tensor **state;
    char **state_name; /* those of copies are owned */
    char text[256];
};

/* The numbers, checked. E_NULL, E_ARGUMENT. */
wg_status stop_read(const wg_stopping *stopping, double *number, const char *op);

/* The first condition that the numbers fulfil. */
wg_stopping_reason stop_judge(const wg_stopping_options *o, const double *number);

/* Of wg_stopping_tell: the kept tensors are there to be read; they become the best ones. */
wg_status stop_check_kept(const wg_stopping *stopping, const char *op);
wg_status stop_copy_kept(const wg_stopping *stopping);

void stop_free_kept(wg_stopping *stopping);

#endif
