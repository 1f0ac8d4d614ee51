/* A chain of stages that runs with the checkpoints of a plan, for the study memory: tanh(x W_i) of ROWS rows and WIDTH columns, every third
   followed by sin(y) exp(y), which keeps three more values. */
#ifndef WG_STUDIES_MEMORY_CHAIN_H
#define WG_STUDIES_MEMORY_CHAIN_H

#include <stdbool.h>

#include <wengert.h>

enum { MAX_STAGES = 24, ROWS = 256, WIDTH = 96 };

/* plan: or NULL, no checkpoints. */
struct chain {
    size_t n;
    wg_tensor *x, *weight[MAX_STAGES];
    const wg_chain_plan *plan;
};

bool chain_make(struct chain *chain, size_t n); /* NULL members on failure */
void chain_free(struct chain *chain);

/* What a step took. Bytes: of values and workspace; of everything, predicted and counted by the allocator. */
struct outcome {
    int64_t values, peak, counted;
    double operations, loss, gradient;
};

/* Runs a step and gives its recording, or NULL. */
wg_lifetime *run_step(struct chain *chain, const wg_chain_plan *plan, struct outcome *outcome);

#endif
