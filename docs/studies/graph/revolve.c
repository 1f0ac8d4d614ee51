/* Checkpoints in a chain of equal stages. A step keeps c results of its n stages and computes the others again when backward needs them.
   With binomial checkpointing the number of repeated forward steps is
       r n - C(c + r, c + 1),   where r is the smallest number with C(c + r, c) ≥ n,
   so with c ~ log n checkpoints each stage runs about log n times again. The library's planner knows nothing of this formula: it searches
   by dynamic programming over stages of any size. On equal stages it must find the same number.

   The formula is that of A. Griewank and A. Walther, Algorithm 799: Revolve, ACM TOMS 26 (2000). */
#include "../study.h"

enum { MAX_CHECKPOINTS = 6, MAX_STAGES = 31 };

static double binomial(int n, int k)
{
    double product = 1;
    for (int i = 1; i <= k; i++)
        product = product * (n - k + i) / i;
    return product;
}

static double revolve(int n, int c)
{
    int r = 0;
    while (binomial(c + r, c) < n)
        r++;
    return r * n - binomial(c + r, c + 1);
}

/* Repeated forward steps of the best plan in memory for one recorded stage, a gradient and c results; -1 on failure. A stage's forward and
   backward take an operation each; the last stage stands for the loss, which costs nothing. */
static double planned(int n, int c)
{
    wg_chain_stage stage[WG_CHAIN_MAX] = {{0}};
    for (int i = 0; i < n; i++)
        stage[i] = (wg_chain_stage){.forward = 1, .backward = 1, .result = 1, .kept = c + 2, .beside_backward = 1};
    wg_chain_plan *plan = wg_chain_plan_for(stage, (size_t)n + 1, 2 * c + 3);
    const double repeats = plan ? plan->operations - 2 * n : -1;
    wg_chain_plan_destroy(plan);
    return repeats;
}

/* Spans of equal length that keep c results: all but the last span run twice. Control: this instead of the search. */
static double equal_spans(int n, int c)
{
    const int length = (n + c) / (c + 1);
    return n > length ? n - length : 0;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    int chains = 0, differ = 0;
    bool good = study_row(run, "stages,checkpoints,planned,formula");
    for (int n = 1; n <= MAX_STAGES && good; n += 3)
        for (int c = 1; c <= MAX_CHECKPOINTS && good; c++, chains++) {
            const double repeats = run->control ? equal_spans(n, c) : planned(n, c);
            differ += repeats != revolve(n, c);
            good = repeats >= 0 && study_row(run, "%d,%d,%g,%g", n, c, repeats, revolve(n, c));
        }
    if (!good)
        return false;
    study_claim(run, revolve(MAX_STAGES, MAX_CHECKPOINTS) < revolve(MAX_STAGES, 1) / 5,
                "%d stages: %g repeated steps with %d checkpoints, less than a fifth of the %g with one", MAX_STAGES,
                revolve(MAX_STAGES, MAX_CHECKPOINTS), MAX_CHECKPOINTS, revolve(MAX_STAGES, 1));
    study_decide(
        run, differ == 0,
        "in %d chains of 1 … %d equal stages with room for 1 … %d results the plan by dynamic programming repeats exactly r n - C(c + r, c + 1) forward "
        "steps, as Revolve does, but in %d (allowed: 0)",
        chains, MAX_STAGES, MAX_CHECKPOINTS, differ);
    return true;
}

const struct study study_revolve = {.name = "revolve", .control = "spans of equal length instead of the plan", .run = run};
