/* The chain of the study memory. */
#include "memory_chain.h"

#include <stdio.h>

/* What one checkpoint runs: span number `number` - 1 of the plan; 0: the whole chain. parts: of all spans, by number. */
struct part {
    const struct chain *chain;
    size_t number, first, end;
    const struct part *parts;
};

bool chain_make(struct chain *chain, size_t n)
{
    *chain = (struct chain){.n = n, .x = wg_full(WG_F32, WG_SHAPE(ROWS, WIDTH), 0.01)};
    bool good = chain->x;
    for (size_t i = 0; i < n && good; i++) {
        chain->weight[i] = wg_set_requires_grad(wg_full(WG_F32, WG_SHAPE(WIDTH, WIDTH), 0.01 + 0.001 * (double)i), true);
        good = chain->weight[i];
    }
    return good;
}

void chain_free(struct chain *chain)
{
    wg_free(chain->x);
    for (size_t i = 0; i < chain->n; i++)
        wg_free(chain->weight[i]);
}

static wg_tensor *stage(const struct chain *chain, size_t i, wg_tensor *x)
{
    char name[32];
    snprintf(name, sizeof name, "stage %zu", i + 1);
    if (wg_section_push(name) != WG_OK)
        return NULL;
    wg_tensor *y = wg_tanh(wg_matmul(x, chain->weight[i]));
    if (i % 3 == 2)
        y = wg_mul(wg_sin(y), wg_exp(y));
    wg_section_pop();
    return y;
}

static wg_tensor *run_part(wg_tensor *const *x, size_t n, void *context)
{
    const struct part *part = context;
    const wg_chain_plan *plan = part->chain->plan;
    wg_tensor *y = x[0];
    (void)n;
    for (size_t i = part->first; i < part->end;) {
        size_t span = part->number; /* spans inside this one have higher numbers */
        while (plan && span < plan->n && !(plan->span[span].first == i && plan->span[span].end <= part->end))
            span++;
        if (plan && span < plan->n) {
            y = wg_checkpoint(run_part, (void *)(uintptr_t)&part->parts[span + 1], &y, 1);
            i = plan->span[span].end;
        } else {
            y = stage(part->chain, i++, y);
        }
    }
    return y;
}

static double operations_of(const wg_lifetime *l)
{
    double sum = 0;
    for (size_t i = 0; i < l->n_steps; i++)
        sum += wg_cost_operations(l->step[i].cost);
    return sum;
}

static bool forward_and_backward(struct chain *chain, const struct part *whole, struct outcome *outcome)
{
    WG_TAPE(tape);
    wg_tensor *loss = wg_mean(wg_square(run_part(&chain->x, 1, (void *)(uintptr_t)whole)));
    outcome->loss = wg_item(loss);
    return wg_backward(loss) == WG_OK;
}

static double sum_of_gradient(const struct chain *chain, size_t i)
{
    WG_TAPE(tape); /* frees the sum */
    WG_NO_GRAD;
    return wg_item(wg_sum(wg_gradient(chain->weight[i])));
}

wg_lifetime *run_step(struct chain *chain, const wg_chain_plan *plan, struct outcome *outcome)
{
    struct part part[2 * MAX_STAGES + 1];
    chain->plan = plan;
    part[0] = (struct part){chain, 0, 0, chain->n, part};
    for (size_t i = 0; plan && i < plan->n; i++)
        part[i + 1] = (struct part){chain, i + 1, plan->span[i].first, plan->span[i].end, part};
    *outcome = (struct outcome){0};
    if (wg_lifetime_begin() != WG_OK)
        return NULL;
    const bool good = forward_and_backward(chain, part, outcome);
    wg_lifetime *l = wg_lifetime_end();
    wg_lifetime_peak peak;
    if (!good || !l || wg_lifetime_peak_of(l, &peak) != WG_OK) {
        wg_lifetime_destroy(l);
        return NULL;
    }
    for (size_t i = 0; i < chain->n; i++) {
        outcome->gradient += sum_of_gradient(chain, i);
        wg_clear_gradient(chain->weight[i]);
    }
    outcome->values = peak.values;
    outcome->peak = peak.blocks;
    outcome->counted = l->allocator_peak;
    outcome->operations = operations_of(l);
    return l;
}
