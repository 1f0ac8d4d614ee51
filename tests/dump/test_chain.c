/* Plans for checkpoints: against the closed form of equal stages, against all plans of small chains, and against steps that really run
   with the checkpoints of a plan. */
#include <stdio.h>

#include "common.h"

/* ---- equal stages: Griewank and Walther, Algorithm 799, section 2 ---- */

static double binomial(int n, int k)
{
    double product = 1;
    for (int i = 1; i <= k; i++)
        product = product * (n - k + i) / i;
    return product;
}

/* The fewest forward steps beside those that are recorded, for n steps and c states in memory: r n - C(c + r, c + 1), where r is the
   smallest number with C(c + r, c) >= n. */
static double revolve(int n, int c)
{
    int r = 0;
    while (binomial(c + r, c) < n)
        r++;
    return r * n - binomial(c + r, c + 1);
}

/* Only one stage can be recorded at a time, beside c results and a gradient; the last stage stands for the loss. */
static void equal_stages_cost_what_revolve_costs(void **state)
{
    (void)state;
    for (int n = 1; n <= 30; n++)
        for (int c = 1; c <= 5; c++) {
            wg_chain_stage stage[31] = {{0}};
            for (int i = 0; i < n; i++)
                stage[i] = (wg_chain_stage){.forward = 1, .backward = 1, .result = 1, .kept = c + 2, .beside_backward = 1};
            wg_chain_plan *plan = wg_chain_plan_for(stage, (size_t)n + 1, 2 * c + 3);
            assert_non_null(plan);
            assert_true(plan->operations == 2 * n + revolve(n, c));
            assert_true(plan->bytes <= 2 * c + 3);
            wg_chain_plan_destroy(plan);
        }
}

/* ---- all plans of a small chain ---- */

static int64_t gradients_from(const wg_chain_stage *stage, size_t from, size_t n)
{
    return from < n ? stage[from].gradients + gradients_from(stage, from + 1, n) : 0;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The fewest operations of a segment with m bytes, by trying everything; negative: impossible. */
static double fewest(const wg_chain_stage *stage, size_t n, size_t first, size_t last, int64_t m)
{
    const int64_t resident = gradients_from(stage, last + 1, n) + (last + 1 < n ? stage[last].result : 0);
    const wg_chain_stage *s = &stage[first];
    const int64_t need = s->kept + larger(resident + s->beside_forward, gradients_from(stage, first + 1, n) + s->beside_backward);
    double best = -1, again = 0;
    if (need <= m) {
        const double rest = first < last ? fewest(stage, n, first + 1, last, m - s->kept) : 0;
        best = rest < 0 ? -1 : s->forward + s->backward + rest;
    }
    for (size_t k = first + 1; k <= last; k++) {
        again += stage[k - 1].forward;
        const double behind = fewest(stage, n, k, last, m - stage[k - 1].result), span = fewest(stage, n, first, k - 1, m);
        if (behind >= 0 && span >= 0 && (best < 0 || again + behind + span < best))
            best = again + behind + span;
    }
    return best;
}

static int64_t drawn(uint64_t *seed, int64_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)(*seed >> 33) % below;
}

/* Results of one size, so that what is in use beside a span's first run is no more than beside its second. */
static void small_chains_get_the_best_plan(void **state)
{
    uint64_t seed = 1;
    int planned = 0, impossible = 0;
    (void)state;
    for (int round = 0; round < 300; round++) {
        wg_chain_stage stage[6];
        const size_t n = 1 + (size_t)drawn(&seed, 6);
        const int64_t result = drawn(&seed, 5);
        for (size_t i = 0; i < n; i++)
            stage[i] = (wg_chain_stage){.forward = 1 + (double)drawn(&seed, 9),
                                        .backward = (double)drawn(&seed, 9),
                                        .result = result,
                                        .kept = result + drawn(&seed, 20),
                                        .gradients = drawn(&seed, 4),
                                        .beside_forward = drawn(&seed, 6),
                                        .beside_backward = result + drawn(&seed, 6)};
        const int64_t bytes = 1 + drawn(&seed, 80);
        const double best = fewest(stage, n, 0, n - 1, bytes);
        wg_chain_plan *plan = wg_chain_plan_for(stage, n, bytes);
        if (plan) {
            assert_true(plan->bytes <= bytes);
            assert_true(best >= 0 && plan->operations == best);
            planned++;
        } else {
            assert_true(best < 0);
            expect_error(WG_E_ARGUMENT, "chain_plan_for: no plan keeps to");
            impossible++;
        }
        wg_chain_plan_destroy(plan);
    }
    assert_true(planned > 100 && impossible > 20);
}

/* ---- a real chain, run with the checkpoints of a plan ---- */

enum { STAGES = 8, ROWS = 128, WIDE = 96 };

struct network {
    wg_tensor *x, *w[STAGES];
    const wg_chain_plan *plan; /* or NULL */
};

/* A span of a network: what one checkpoint runs. */
struct part {
    struct network *net;
    size_t number, first, end; /* number: of the span, from 1 on; 0: the whole network */
    struct part *parts;        /* of all spans, by number */
};

/* Stages of different sizes: the odd ones keep more. */
static wg_tensor *stage(const struct network *net, size_t i, wg_tensor *x)
{
    char name[32];
    snprintf(name, sizeof name, "stage%zu", i);
    if (wg_section_push(name) != WG_OK)
        return NULL;
    wg_tensor *y = wg_tanh(wg_matmul(x, net->w[i]));
    if (i % 2)
        y = wg_mul(wg_sin(y), wg_exp(y));
    wg_section_pop();
    return y;
}

static wg_tensor *run_part(wg_tensor *const *x, size_t n, void *context)
{
    const struct part *part = context;
    const wg_chain_plan *plan = part->net->plan;
    wg_tensor *y = x[0];
    (void)n;
    for (size_t i = part->first; i < part->end;) {
        size_t next = part->number;
        while (plan && next < plan->n && !(plan->span[next].first == i && plan->span[next].end <= part->end))
            next++;
        if (plan && next < plan->n) {
            y = wg_checkpoint(run_part, &part->parts[next + 1], &y, 1);
            i = plan->span[next].end;
        } else {
            y = stage(part->net, i++, y);
        }
    }
    return y;
}

struct outcome {
    double loss, operations, gradient;
    wg_lifetime *lifetime;
    wg_lifetime_peak peak;
};

static struct outcome run_network(struct network *net, const wg_chain_plan *plan)
{
    struct part part[2 * STAGES + 1];
    struct outcome outcome = {0};
    net->plan = plan;
    part[0] = (struct part){net, 0, 0, STAGES, part};
    for (size_t i = 0; plan && i < plan->n; i++)
        part[i + 1] = (struct part){net, i + 1, plan->span[i].first, plan->span[i].end, part};
    assert_ok(wg_lifetime_begin());
    {
        WG_TAPE(tape);
        wg_tensor *loss = made(wg_mean(wg_square(made(run_part(&net->x, 1, part)))));
        assert_ok(wg_backward(loss));
        outcome.loss = wg_item(loss);
    }
    outcome.lifetime = wg_lifetime_end();
    assert_non_null(outcome.lifetime);
    for (size_t i = 0; i < outcome.lifetime->n_steps; i++) {
        const wg_cost c = outcome.lifetime->step[i].cost;
        assert_true(outcome.lifetime->step[i].known);
        outcome.operations += wg_cost_operations(c);
    }
    for (size_t i = 0; i < STAGES; i++) {
        outcome.gradient += element(wg_gradient(net->w[i]), (int64_t)i);
        wg_clear_gradient(net->w[i]);
    }
    assert_ok(wg_lifetime_peak_of(outcome.lifetime, &outcome.peak));
    assert_int_equal(outcome.peak.blocks, outcome.lifetime->allocator_peak);
    return outcome;
}

static struct network network_make(void)
{
    struct network net = {.x = made(wg_full(WG_F32, WG_SHAPE(ROWS, WIDE), 0.01))};
    for (size_t i = 0; i < STAGES; i++)
        net.w[i] = wg_set_requires_grad(made(wg_full(WG_F32, WG_SHAPE(WIDE, WIDE), 0.01 + 0.001 * (double)i)), true);
    return net;
}

static void network_free(struct network *net)
{
    wg_free(net->x);
    for (size_t i = 0; i < STAGES; i++)
        wg_free(net->w[i]);
}

/* A step as it is, and its chain. */
static struct outcome measure(struct network *net, wg_chain_stage *chain, size_t *n)
{
    const struct outcome plain = run_network(net, NULL);
    assert_ok(wg_chain_of(plain.lifetime, 0, chain, n));
    return plain;
}

/* For bounds from the whole step down to the smallest plan: the same bits, the predicted operations exactly, and the predicted peak. */
static void plans_run_as_predicted(void **state)
{
    (void)state;
    struct network net = network_make();
    wg_chain_stage chain[WG_CHAIN_MAX];
    size_t n;
    const struct outcome plain = measure(&net, chain, &n);
    assert_int_equal(n, STAGES + 1);
    wg_chain_plan *smallest = wg_chain_plan_for(chain, n, 0), *whole = wg_chain_plan_for(chain, n, INT64_MAX);
    assert_non_null(smallest);
    assert_non_null(whole);
    assert_int_equal(whole->n, 0);
    assert_int_equal(whole->bytes, plain.peak.values);
    assert_true(whole->operations == plain.operations);
    assert_true(smallest->bytes < whole->bytes * 2 / 3 && smallest->operations > whole->operations);
    for (int i = 0; i <= 6; i++) {
        wg_chain_plan *plan = wg_chain_plan_for(chain, n, smallest->bytes + (whole->bytes - smallest->bytes) * i / 6);
        assert_non_null(plan);
        const struct outcome run = run_network(&net, plan);
        assert_true(run.operations == plan->operations);
        assert_int_equal(run.peak.values, plan->bytes);
        assert_true(run.loss == plain.loss && run.gradient == plain.gradient);
        wg_lifetime_destroy(run.lifetime);
        wg_chain_plan_destroy(plan);
    }
    wg_chain_plan_destroy(smallest), wg_chain_plan_destroy(whole);
    wg_lifetime_destroy(plain.lifetime);
    network_free(&net);
}

/* The control of the test above: what is measured differs by a line of cache, and so does what is predicted. */
static void a_wrong_measure_is_another_prediction(void **state)
{
    (void)state;
    struct network net = network_make();
    wg_chain_stage chain[WG_CHAIN_MAX];
    size_t n;
    const struct outcome plain = measure(&net, chain, &n);
    chain[3].kept += 64;
    wg_chain_plan *plan = wg_chain_plan_for(chain, n, INT64_MAX);
    assert_non_null(plan);
    assert_int_equal(plan->bytes, plain.peak.values + 64);
    wg_chain_plan_destroy(plan);
    wg_lifetime_destroy(plain.lifetime);
    network_free(&net);
}

/* Three sections, of which the last reads the first one's result if `skips`. */
static wg_lifetime *three_sections(bool skips, bool backward)
{
    static const char *const name[] = {"a", "b", "c"};
    wg_tensor *x = wg_set_requires_grad(made(wg_full(WG_F32, WG_SHAPE(100), 0.5)), true), *y[3], *at = x;
    assert_ok(wg_lifetime_begin());
    {
        WG_TAPE(tape);
        assert_ok(wg_section_push("net"));
        for (int i = 0; i < 3; i++) {
            assert_ok(wg_section_push(name[i]));
            at = y[i] = made(wg_sin(i == 2 && skips ? wg_add(at, y[0]) : at));
            wg_section_pop();
        }
        wg_section_pop();
        wg_tensor *loss = made(wg_sum(at));
        if (backward)
            assert_ok(wg_backward(loss));
    }
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    wg_free(x);
    return l;
}

static void what_is_no_chain_is_refused(void **state)
{
    (void)state;
    wg_chain_stage chain[WG_CHAIN_MAX];
    size_t n = 7;
    wg_lifetime *good = three_sections(false, true), *skips = three_sections(true, true), *forward = three_sections(false, false);
    assert_string_equal(good->section[1].path, "net");
    assert_ok(wg_chain_of(good, 1, chain, &n));
    assert_int_equal(n, 4);
    assert_string_equal(good->section[chain[1].section].path, "net/b");
    assert_true(chain[0].forward == 100 && chain[0].known);
    assert_ok(wg_chain_of(good, 0, chain, &n)); /* the network as a whole, and the loss */
    assert_int_equal(n, 2);
    assert_ok(wg_chain_of(good, WG_CHAIN_NODES, chain, &n)); /* three sines and a sum */
    assert_int_equal(n, 4);
    assert_string_equal(good->section[chain[2].section].path, "net/c");
    wg_lifetime_peak peak;
    wg_chain_plan *plan = wg_chain_plan_for(chain, n, INT64_MAX);
    assert_ok(wg_lifetime_peak_of(good, &peak));
    assert_non_null(plan);
    assert_int_equal(plan->bytes, peak.values);
    assert_true(plan->operations == 3 * (100 + 200) + 99); /* a sine, a cosine and a product for each element; a sum */
    wg_chain_plan_destroy(plan);
    assert_fails(wg_chain_of(skips, WG_CHAIN_NODES, chain, &n), WG_E_ARGUMENT, "chain_of: stage 2 reads a result of stage 0");
    assert_fails(wg_chain_of(forward, WG_CHAIN_NODES, chain, &n), WG_E_ARGUMENT, "chain_of: no backward pass");
    assert_fails(wg_chain_of(skips, 1, chain, &n), WG_E_ARGUMENT, "chain_of: stage 2 reads a result of stage 0");
    assert_int_equal(n, 0);
    assert_fails(wg_chain_of(forward, 1, chain, &n), WG_E_ARGUMENT, "chain_of: no backward pass");
    assert_fails(wg_chain_of(good, 2, chain, &n), WG_E_ARGUMENT, "chain_of: expected sections inside");
    assert_fails(wg_chain_of(good, good->n_sections, chain, &n), WG_E_ARGUMENT, "chain_of: expected a section below");
    wg_lifetime_destroy(good), wg_lifetime_destroy(skips), wg_lifetime_destroy(forward);
}

/* Each request fails once: no plan, no stages, an error, and nothing left behind. */
static void memory_may_run_out(void **state)
{
    (void)state;
    wg_lifetime *l = three_sections(false, true);
    wg_chain_stage chain[WG_CHAIN_MAX];
    int failed = 0;
    for (int64_t at = 0, done = false; !done; at++) {
        size_t n;
        wg_memory_fail(at, false);
        const wg_status measured = wg_chain_of(l, 1, chain, &n);
        wg_chain_plan *plan = measured == WG_OK ? wg_chain_plan_for(chain, n, INT64_MAX) : NULL;
        done = wg_memory_requests() <= at;
        wg_memory_fail(-1, false);
        assert_true((plan != NULL) == done);
        if (!done)
            assert_int_equal(wg_error_take(NULL), WG_E_MEMORY);
        failed += !done;
        wg_chain_plan_destroy(plan);
    }
    assert_true(failed > 4);
    wg_lifetime_destroy(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_stages_cost_what_revolve_costs),  TEST(small_chains_get_the_best_plan), TEST(plans_run_as_predicted),
        TEST(a_wrong_measure_is_another_prediction), TEST(what_is_no_chain_is_refused),    TEST(memory_may_run_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
