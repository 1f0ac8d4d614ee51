/* What checkpoints buy. A step keeps the values of its forward pass for backward. A checkpoint drops those of some stages and computes them
   again: less memory for more operations. From one recording of a step without checkpoints, wg_chain_of measures what each stage of a chain
   keeps and costs, and wg_chain_plan_for finds by dynamic programming which stages to checkpoint, so that the step takes the fewest
   operations within a bound on memory. Each plan predicts its bytes and operations, and is then really run.

   Spans of √n stages are the rule of T. Chen and others, Training deep nets with sublinear memory cost (2016). */
#include "../study.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "memory_chain.h"

enum { POINTS = 12 };

/* differ: plans that ran in other bytes or operations than they predicted; with other bits of loss and gradients; with another peak of all
   memory than the allocator's count. */
struct frontier {
    struct study_run *run;
    struct chain chain;
    struct outcome plain;
    wg_chain_stage stage[WG_CHAIN_MAX];
    size_t n_stages;
    int points, bytes_differ, operations_differ, bits_differ, peaks_differ;
};

/* Runs a plan. Control: all but its last span, which the prediction does not know. */
static bool add_plan(struct frontier *f, int64_t bytes)
{
    wg_chain_plan *plan = wg_chain_plan_for(f->stage, f->n_stages, bytes);
    struct outcome ran;
    wg_chain_plan shorter = plan ? *plan : (wg_chain_plan){0};
    shorter.n -= f->run->control && shorter.n > 0;
    wg_lifetime *l = plan ? run_step(&f->chain, &shorter, &ran) : NULL;
    bool good = l;
    if (good) {
        f->points++;
        f->bytes_differ += ran.values != plan->bytes;
        f->operations_differ += ran.operations != plan->operations;
        f->bits_differ += ran.loss != f->plain.loss || ran.gradient != f->plain.gradient;
        f->peaks_differ += ran.peak != ran.counted;
        good = study_row(f->run, "plan,%zu,%" PRId64 ",%" PRId64 ",%.17g,%.17g,%.6g,%.6g", plan->n, plan->bytes, ran.values,
                         plan->operations, ran.operations, (double)ran.values / (double)f->plain.values,
                         ran.operations / f->plain.operations);
    }
    wg_lifetime_destroy(l);
    wg_chain_plan_destroy(plan);
    return good;
}

/* Spans of √n stages each. The rule has no prediction; the best plan for as many bytes must not take more operations. */
static bool add_root_rule(struct frontier *f)
{
    const size_t length = (size_t)lround(sqrt((double)f->chain.n));
    wg_chain_span span[MAX_STAGES];
    wg_chain_plan rule = {.span = span};
    for (size_t first = 0; first < f->chain.n; first += length)
        span[rule.n++] = (wg_chain_span){first, first + length < f->chain.n ? first + length : f->chain.n};
    struct outcome ran;
    wg_lifetime *l = run_step(&f->chain, &rule, &ran);
    wg_chain_plan *best = l ? wg_chain_plan_for(f->stage, f->n_stages, ran.values) : NULL;
    wg_lifetime_destroy(l);
    if (!best)
        return false;
    const double memory = (double)ran.values / (double)f->plain.values, work = ran.operations / f->plain.operations;
    study_claim(
        f->run, best->operations <= ran.operations && best->bytes <= ran.values,
        "the best plan for the memory of spans of √n stages, %.3f of a plain step, takes no more operations: %.3f of a plain step's, not %.3f",
        memory, best->operations / f->plain.operations, work);
    const bool good = study_row(f->run, "root,%zu,,%" PRId64 ",,%.17g,%.6g,%.6g", rule.n, ran.values, ran.operations, memory, work);
    wg_chain_plan_destroy(best);
    return good;
}

/* Plans from the smallest peak to that without checkpoints. */
static bool add_plans(struct frontier *f)
{
    wg_chain_plan *smallest = wg_chain_plan_for(f->stage, f->n_stages, 0);
    bool good = smallest;
    for (int i = 0; i <= POINTS && good; i++)
        good = add_plan(f, smallest->bytes + (f->plain.values - smallest->bytes) * i / POINTS);
    good = good && add_root_rule(f);
    if (good)
        study_claim(
            f->run, smallest->bytes < f->plain.values / 2 && smallest->operations < 2 * f->plain.operations,
            "the smallest plan takes less than half the memory, %.3f of it, for less than twice the operations, %.3f times as many",
            (double)smallest->bytes / (double)f->plain.values, smallest->operations / f->plain.operations);
    wg_chain_plan_destroy(smallest);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct frontier *f = calloc(1, sizeof *f);
    bool good = f && study_row(run, "kind,spans,planned bytes,bytes,planned operations,operations,memory,work");
    if (good) {
        f->run = run;
        good = chain_make(&f->chain, MAX_STAGES);
        wg_lifetime *l = good ? run_step(&f->chain, NULL, &f->plain) : NULL;
        wg_lifetime_destroy(l); /* the second step is measured, which like the plans' finds blocks that an earlier one gave back */
        l = l ? run_step(&f->chain, NULL, &f->plain) : NULL;
        good = l && wg_chain_of(l, 0, f->stage, &f->n_stages) == WG_OK && add_plans(f);
        wg_lifetime_destroy(l);
        chain_free(&f->chain);
    }
    if (good) {
        study_claim(run, f->bits_differ == 0, "in %d of %d plans, loss and gradients have the bits of the step without checkpoints",
                    f->points - f->bits_differ, f->points);
        study_claim(run, f->peaks_differ == 0,
                    "in %d of %d, the peak of all memory that lifetimes predict is the allocator's count",
                    f->points - f->peaks_differ, f->points);
        study_decide(
            run, f->bytes_differ == 0 && f->operations_differ == 0,
            "of %d plans of checkpoints for a chain of %d stages, made from one recording, %d run in exactly the bytes and %d in exactly the operations "
            "that were predicted (expected: all)",
            f->points, MAX_STAGES, f->points - f->bytes_differ, f->points - f->operations_differ);
    }
    free(f);
    return good;
}

const struct study study_memory = {.name = "memory", .control = "the last checkpoint of each plan left out", .run = run};
