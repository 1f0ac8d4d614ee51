/* What a step's memory is made of, and what checkpoints buy. Lifetimes of buffers predict the peak; plans of checkpoints for a chain of
   stages are made from one recording and then really run: bytes and operations must be the predicted ones.

   The number of repeated forward steps of equal stages is that of A. Griewank and A. Walther, Algorithm 799: Revolve, ACM TOMS 26 (2000);
   spans of √n stages are the rule of T. Chen and others, Training deep nets with sublinear memory cost (2016). */
#include "../study.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { MAX_STAGES = 24, ROWS = 256, WIDTH = 96, POINTS = 12 };

/* ---- a chain of stages, run with the checkpoints of a plan ---- */

struct network {
    size_t n;
    wg_tensor *x, *weight[MAX_STAGES];
    const wg_chain_plan *plan; /* or NULL: no checkpoints */
};

/* What one checkpoint runs: span number `number` - 1 of the plan; 0: the whole network. */
struct part {
    const struct network *net;
    size_t number, first, end;
    const struct part *parts; /* of all spans, by number */
};

/* Stages differ: every third keeps three more values. */
static wg_tensor *stage(const struct network *net, size_t i, wg_tensor *x)
{
    char name[32];
    snprintf(name, sizeof name, "stage %zu", i + 1);
    if (wg_section_push(name) != WG_OK)
        return NULL;
    wg_tensor *y = wg_tanh(wg_matmul(x, net->weight[i]));
    if (i % 3 == 2)
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
        size_t span = part->number; /* spans inside this one have higher numbers */
        while (plan && span < plan->n && !(plan->span[span].first == i && plan->span[span].end <= part->end))
            span++;
        if (plan && span < plan->n) {
            y = wg_checkpoint(run_part, (void *)(uintptr_t)&part->parts[span + 1], &y, 1);
            i = plan->span[span].end;
        } else {
            y = stage(part->net, i++, y);
        }
    }
    return y;
}

/* What a step took. */
struct outcome {
    int64_t values, peak, counted; /* bytes: of values and workspace; of everything, predicted and counted by the allocator */
    double operations, loss, gradient;
};

static double operations_of(const wg_lifetime *l)
{
    double sum = 0;
    for (size_t i = 0; i < l->n_steps; i++)
        sum += wg_cost_operations(l->step[i].cost);
    return sum;
}

static bool forward_and_backward(struct network *net, const struct part *whole, struct outcome *outcome)
{
    WG_TAPE(tape);
    wg_tensor *loss = wg_mean(wg_square(run_part(&net->x, 1, (void *)(uintptr_t)whole)));
    outcome->loss = wg_item(loss);
    return wg_backward(loss) == WG_OK;
}

static double sum_of_gradient(const struct network *net, size_t i)
{
    WG_TAPE(tape); /* frees the sum */
    WG_NO_GRAD;
    return wg_item(wg_sum(wg_gradient(net->weight[i])));
}

/* Runs a step and gives its recording, or NULL. */
static wg_lifetime *run_step(struct network *net, const wg_chain_plan *plan, struct outcome *outcome)
{
    struct part part[2 * MAX_STAGES + 1];
    net->plan = plan;
    part[0] = (struct part){net, 0, 0, net->n, part};
    for (size_t i = 0; plan && i < plan->n; i++)
        part[i + 1] = (struct part){net, i + 1, plan->span[i].first, plan->span[i].end, part};
    *outcome = (struct outcome){0};
    if (wg_lifetime_begin() != WG_OK)
        return NULL;
    const bool good = forward_and_backward(net, part, outcome);
    wg_lifetime *l = wg_lifetime_end();
    wg_lifetime_peak peak;
    if (!good || !l || wg_lifetime_peak_of(l, &peak) != WG_OK) {
        wg_lifetime_destroy(l);
        return NULL;
    }
    for (size_t i = 0; i < net->n; i++) {
        outcome->gradient += sum_of_gradient(net, i);
        wg_clear_gradient(net->weight[i]);
    }
    outcome->values = peak.values;
    outcome->peak = peak.blocks;
    outcome->counted = l->allocator_peak;
    outcome->operations = operations_of(l);
    return l;
}

static bool network_make(struct network *net, size_t n)
{
    *net = (struct network){.n = n, .x = wg_full(WG_F32, WG_SHAPE(ROWS, WIDTH), 0.01)};
    bool good = net->x;
    for (size_t i = 0; i < n && good; i++) {
        net->weight[i] = wg_set_requires_grad(wg_full(WG_F32, WG_SHAPE(WIDTH, WIDTH), 0.01 + 0.001 * (double)i), true);
        good = net->weight[i];
    }
    return good;
}

static void network_free(struct network *net)
{
    wg_free(net->x);
    for (size_t i = 0; i < net->n; i++)
        wg_free(net->weight[i]);
}

/* ---- the frontier ---- */

struct frontier {
    struct study_run *run;
    struct network net;
    struct outcome plain;
    wg_chain_stage stage[WG_CHAIN_MAX];
    size_t n_stages;
    int points, bytes_differ, operations_differ, bits_differ, peaks_differ;
};

static bool add_point(struct frontier *f, const char *kind, const wg_chain_plan *plan)
{
    struct outcome ran;
    wg_lifetime *l = run_step(&f->net, plan, &ran);
    if (!l)
        return false;
    wg_lifetime_destroy(l);
    f->points++;
    f->bytes_differ += ran.values != plan->bytes;
    f->operations_differ += ran.operations != plan->operations;
    f->bits_differ += ran.loss != f->plain.loss || ran.gradient != f->plain.gradient;
    f->peaks_differ += ran.peak != ran.counted;
    return study_row(f->run, "%s,%zu,%" PRId64 ",%" PRId64 ",%.17g,%.17g,%.6g,%.6g", kind, plan->n, plan->bytes, ran.values,
                     plan->operations, ran.operations, (double)ran.values / (double)f->plain.values,
                     ran.operations / f->plain.operations);
}

/* Plans from the smallest peak to that without checkpoints. */
static bool add_plans(struct frontier *f, const wg_chain_plan *smallest)
{
    bool good = true;
    for (int i = 0; i <= POINTS && good; i++) {
        wg_chain_plan *plan = wg_chain_plan_for(f->stage, f->n_stages,
                                                smallest->bytes + (f->plain.values - smallest->bytes) * i / POINTS);
        good = plan && add_point(f, "plan", plan);
        wg_chain_plan_destroy(plan);
    }
    return good;
}

/* Spans of √n stages each. It has no prediction; the best plan for as many bytes must not take more operations. */
static bool add_root_rule(struct frontier *f)
{
    const size_t length = (size_t)lround(sqrt((double)f->net.n));
    wg_chain_span span[MAX_STAGES];
    wg_chain_plan rule = {.span = span};
    for (size_t first = 0; first < f->net.n; first += length)
        span[rule.n++] = (wg_chain_span){first, first + length < f->net.n ? first + length : f->net.n};
    struct outcome ran;
    wg_lifetime *l = run_step(&f->net, &rule, &ran);
    wg_chain_plan *best = l ? wg_chain_plan_for(f->stage, f->n_stages, ran.values) : NULL;
    wg_lifetime_destroy(l);
    if (!best)
        return false;
    study_claim(
        f->run, best->operations <= ran.operations && best->bytes <= ran.values,
        "the best plan for the memory of spans of √n stages, %.3f of a plain step, takes no more operations: %.3f times a plain step's, not %.3f",
        (double)ran.values / (double)f->plain.values, best->operations / f->plain.operations, ran.operations / f->plain.operations);
    const bool good = study_row(f->run, "root,%zu,,%" PRId64 ",,%.17g,%.6g,%.6g", rule.n, ran.values, ran.operations,
                                (double)ran.values / (double)f->plain.values, ran.operations / f->plain.operations);
    wg_chain_plan_destroy(best);
    return good;
}

static void claim_frontier(struct frontier *f, const wg_chain_plan *smallest)
{
    study_claim(f->run, f->bytes_differ == 0, "in %d of %d plans that ran, the peak of values is the predicted one, to the byte",
                f->points - f->bytes_differ, f->points);
    study_claim(f->run, f->operations_differ == 0, "in %d of %d, the operations are exactly the predicted ones",
                f->points - f->operations_differ, f->points);
    study_claim(f->run, f->bits_differ == 0, "in %d of %d, loss and gradients have the bits of the step without checkpoints",
                f->points - f->bits_differ, f->points);
    study_claim(f->run, f->peaks_differ == 0, "in %d of %d, the peak of all memory that lifetimes predict is the allocator's count",
                f->points - f->peaks_differ, f->points);
    study_claim(
        f->run, smallest->bytes < f->plain.values / 2 && smallest->operations < 2 * f->plain.operations,
        "the smallest plan takes less than half the memory, %.3f of it, for less than twice the operations, %.3f times as many",
        (double)smallest->bytes / (double)f->plain.values, smallest->operations / f->plain.operations);
}

static bool draw_frontier(struct study_run *run)
{
    struct frontier *f = calloc(1, sizeof *f);
    bool good = f && study_row(run, "kind,spans,planned bytes,bytes,planned operations,operations,memory,work");
    if (good) {
        f->run = run;
        good = network_make(&f->net, run->quick ? 9 : MAX_STAGES);
        wg_lifetime *l = good ? run_step(&f->net, NULL, &f->plain) : NULL;
        good = l && wg_chain_of(l, 0, f->stage, &f->n_stages) == WG_OK;
        wg_chain_plan *smallest = good ? wg_chain_plan_for(f->stage, f->n_stages, 0) : NULL;
        good = smallest && add_plans(f, smallest) && add_root_rule(f);
        if (good)
            claim_frontier(f, smallest);
        wg_chain_plan_destroy(smallest);
        wg_lifetime_destroy(l);
        network_free(&f->net);
    }
    free(f);
    return good;
}

/* ---- equal stages ---- */

static double binomial(int n, int k)
{
    double product = 1;
    for (int i = 1; i <= k; i++)
        product = product * (n - k + i) / i;
    return product;
}

/* Repeated forward steps of n stages with c states in memory: r n - C(c + r, c + 1), where r is the smallest with C(c + r, c) >= n. */
static double revolve(int n, int c)
{
    int r = 0;
    while (binomial(c + r, c) < n)
        r++;
    return r * n - binomial(c + r, c + 1);
}

/* Memory for one recorded stage, a gradient and c results. The last stage stands for the loss, which costs nothing. */
static bool claim_equal_stages(struct study_run *run)
{
    const int most = run->quick ? 20 : WG_CHAIN_MAX - 1;
    int chains = 0, differ = 0;
    for (int n = 1; n <= most; n += run->quick ? 1 : 3)
        for (int c = 1; c <= 6; c++) {
            wg_chain_stage stage[WG_CHAIN_MAX] = {{0}};
            for (int i = 0; i < n; i++)
                stage[i] = (wg_chain_stage){.forward = 1, .backward = 1, .result = 1, .kept = c + 2, .beside_backward = 1};
            wg_chain_plan *plan = wg_chain_plan_for(stage, (size_t)n + 1, 2 * c + 3);
            if (!plan)
                return false;
            chains++;
            differ += plan->operations != 2 * n + revolve(n, c);
            wg_chain_plan_destroy(plan);
        }
    study_claim(run, differ == 0, "equal stages: %d of %d chains repeat as many forward steps as Revolve's closed form says",
                chains - differ, chains);
    return true;
}

/* ---- a step as a picture ---- */

static wg_nn_module *lenet(void)
{
    return wg_nn_sequential(wg_nn_conv2d(1, 6, 5, .padding = WG_PAIR(2, 2)), wg_nn_relu(), wg_nn_max_pool2d(2),
                            wg_nn_conv2d(6, 16, 5), wg_nn_relu(), wg_nn_max_pool2d(2), wg_nn_flatten(), wg_nn_linear(400, 120),
                            wg_nn_relu(), wg_nn_linear(120, 84), wg_nn_relu(), wg_nn_linear(84, 10));
}

static wg_status train_step(const wg_nn_module *net, wg_optim *optim, wg_tensor *x, wg_tensor *labels)
{
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_cross_entropy(wg_nn_apply(net, x), labels)));
    return wg_optim_step(optim);
}

/* The second step of Adam, whose moments exist by then. */
static wg_lifetime *second_step(wg_nn_module *net, wg_tensor *x, wg_tensor *labels)
{
    wg_optim *optim = wg_optim_adam(wg_nn_parameters(net), .lr = 1e-3);
    const bool good = optim && train_step(net, optim, x, labels) == WG_OK && wg_lifetime_begin() == WG_OK;
    const bool trained = good && train_step(net, optim, x, labels) == WG_OK;
    wg_lifetime *l = good ? wg_lifetime_end() : NULL;
    wg_optim_destroy(optim);
    if (trained)
        return l;
    wg_lifetime_destroy(l);
    return NULL;
}

static bool draw_lenet(struct study_run *run)
{
    enum { IMAGES = 64 };
    const int64_t label[IMAGES] = {0};
    char path[4096];
    wg_nn_module *net = lenet();
    wg_tensor *x = wg_full(WG_F32, WG_SHAPE(IMAGES, 1, 28, 28), 0.5), *labels = wg_from(label, WG_SHAPE(IMAGES));
    wg_lifetime *l = net && x && labels ? second_step(net, x, labels) : NULL;
    wg_lifetime_peak peak;
    bool good = l && wg_lifetime_peak_of(l, &peak) == WG_OK;
    if (good)
        study_claim(run, peak.blocks == l->allocator_peak,
                    "LeNet, a step of Adam: the predicted peak is the allocator's count, %" PRId64 " bytes", l->allocator_peak);
    snprintf(path, sizeof path, "%s/lifetimes.svg", run->folder);
    FILE *svg = good ? fopen(path, "w") : NULL;
    good = svg && wg_lifetime_write_svg(l, svg, .title = "LeNet on 64 images: the memory of a step of Adam") == WG_OK;
    if (svg)
        good = fclose(svg) == 0 && good;
    wg_lifetime_destroy(l);
    wg_free(x), wg_free(labels);
    wg_nn_destroy(net);
    return good;
}

/* ---- the study ---- */

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    return draw_frontier(run) && claim_equal_stages(run) && draw_lenet(run);
}

const struct study study_memory = {
    .name = "memory",
    .details =
        "Claims: the peak that the lifetimes of buffers predict is the allocator's count, to the byte; plans of checkpoints, made by dynamic\n"
        "programming from one recording, run in the predicted bytes and operations exactly, with the same bits; for equal stages they repeat as\n"
        "many forward steps as Revolve; spans of √n stages are not better. lifetimes.svg shows a step of LeNet.",
    .run = run,
};
