/* No free lunch. There are 256 functions of three bits to one bit. A learner sees five of the eight inputs with their labels and predicts the other
   three. For every function that it gets right at an unseen input there is one with the same five labels at which it is wrong. So over
   all 256 functions each learner is right in exactly half of its predictions, whatever it does. Learning works because the functions that we
   meet are few of all: here those of one threshold unit, 104 of 256.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3; Wolpert: The lack of a priori distinctions between learning
   algorithms, 1996. */
#include "../study.h"

enum { INPUTS = 8, SEEN = 5, UNSEEN = INPUTS - SEEN, SPLITS = 8, LEARNERS = 2, FUNCTIONS = 1 << INPUTS };

/* order: the inputs 0 … 7, of which the first five are seen; labels: bit i is the label of input order[i]. */
struct task {
    const int64_t *order;
    unsigned labels;
};

/* -1 or 1 */
static int bit(int64_t input, int i)
{
    return input >> i & 1 ? 1 : -1;
}

/* ---- learners: the label that each predicts for an unseen input, into prediction[UNSEEN] ---- */

/* The label of the nearest seen input, by bits that differ; in a tie of the first one. */
static bool learn_neighbour(const struct task *task, uint64_t seed, bool *prediction)
{
    (void)seed;
    for (int i = 0; i < UNSEEN; i++) {
        const int64_t new = task->order[SEEN + i];
        int best = 0;
        for (int k = 1; k < SEEN; k++)
            if (__builtin_popcountll((uint64_t)(new ^ task->order[k])) < __builtin_popcountll((uint64_t)(new ^ task->order[best])))
                best = k;
        prediction[i] = task->labels >> best & 1;
    }
    return true;
}

struct batch {
    wg_nn_module *net;
    wg_tensor *x, *y;
};
static wg_tensor *error(wg_tensor *const *params, size_t n, void *context)
{
    (void)params, (void)n;
    const struct batch *batch = context;
    return wg_bce_with_logits(wg_nn_apply(batch->net, batch->x), batch->y);
}

/* A network of 3 tanh units, cross entropy, by 20 steps of L-BFGS. */
static bool learn_network(const struct task *task, uint64_t seed, bool *prediction)
{
    double x[INPUTS][3], y[SEEN], logit[INPUTS];
    for (int i = 0; i < INPUTS; i++)
        for (int k = 0; k < 3; k++)
            x[i][k] = bit(task->order[i], k);
    for (int i = 0; i < SEEN; i++)
        y[i] = task->labels >> i & 1;
    struct batch batch = {.net = wg_nn_mlp(WG_SIZES(3, 3, 1), .activation = WG_ACTIVATION_TANH, .dtype = WG_F64, .seed = seed),
                          .x = wg_from(*x, WG_SHAPE(SEEN, 3)),
                          .y = wg_from(y, WG_SHAPE(SEEN, 1))};
    wg_minimizer *lbfgs = wg_minimize_lbfgs(wg_nn_parameters(batch.net), .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE,
                                            .max_iterations = 20);
    wg_tensor *all = wg_from(*x, WG_SHAPE(INPUTS, 3)), *out = NULL;
    if (lbfgs && batch.x && batch.y && wg_minimize_run(lbfgs, error, &batch, NULL) == WG_OK)
        out = wg_nn_apply(batch.net, all);
    const bool good = out && wg_read(out, logit) == WG_OK;
    for (int i = 0; i < UNSEEN && good; i++)
        prediction[i] = logit[SEEN + i] > 0;
    wg_minimize_destroy(lbfgs);
    wg_nn_destroy(batch.net);
    for (int i = 0; i < 4; i++)
        wg_free(((wg_tensor *[]){batch.x, batch.y, all, out})[i]);
    return good;
}

static bool (*const learn[LEARNERS])(const struct task *task, uint64_t seed, bool *prediction) = {learn_neighbour, learn_network};

/* Marks the functions u·x > θ; bit i of a function's number is its value at input i. */
static void find_thresholds(bool *threshold)
{
    for (int number = 0; number < 7 * 7 * 7; number++)
        for (int t = -10; t <= 10; t++) {
            unsigned function = 0;
            const int u[] = {number % 7 - 3, number / 7 % 7 - 3, number / 49 - 3};
            for (int i = 0; i < INPUTS; i++)
                function |= (unsigned)(u[0] * bit(i, 0) + u[1] * bit(i, 1) + u[2] * bit(i, 2) > t) << i;
            threshold[function] = true;
        }
}

/* Adds to right[0] the predictions that are right for all functions with the task's labels, to right[1] for threshold functions. */
static void score(const struct task *task, const bool *prediction, const bool *threshold, int64_t right[2], int64_t total[2])
{
    for (unsigned rest = 0; rest < 1u << UNSEEN; rest++) {
        const unsigned values = task->labels | rest << SEEN;
        unsigned function = 0;
        for (int i = 0; i < INPUTS; i++)
            function |= (values >> i & 1) << task->order[i];
        for (int i = 0; i < UNSEEN; i++)
            for (int kind = 0; kind < (threshold[function] ? 2 : 1); kind++) {
                right[kind] += prediction[i] == (rest >> i & 1);
                total[kind]++;
            }
    }
}

/* Control: the functions of one threshold unit stand for all. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    bool threshold[FUNCTIONS] = {false}, prediction[UNSEEN], good = study_row(run, "learner,thresholds,share");
    int64_t right[LEARNERS][2] = {{0}}, total[LEARNERS][2] = {{0}};
    wg_tensor *generator = wg_generator(run->seed, 0);
    find_thresholds(threshold);
    for (int split = 0; split < SPLITS && good; split++) {
        wg_tensor *order = wg_permutation(generator, INPUTS);
        good = order != NULL;
        for (unsigned labels = 0; labels < 1u << SEEN && good; labels++)
            for (int l = 0; l < LEARNERS && good; l++) {
                const struct task task = {wg_data(order), labels};
                good = learn[l](&task, run->seed, prediction);
                score(&task, prediction, threshold, right[l], total[l]);
            }
        wg_free(order);
    }
    wg_free(generator);
    double share[LEARNERS][2] = {{0}};
    bool half = true;
    for (int l = 0; l < LEARNERS; l++)
        for (int kind = 0; kind < 2 && good; kind++) {
            share[l][kind] = (double)right[l][kind] / (double)total[l][kind];
            half = half && (kind == (run->control ? 0 : 1) || 2 * right[l][kind] == total[l][kind]);
            good = study_row(run, "%d,%d,%.6g", l, kind, share[l][kind]);
        }
    study_claim(run, share[0][1] > 0.6 && share[1][1] > 0.6,
                "of threshold functions nearest neighbour predicts %.3f and the network %.3f, more than 0.6", share[0][1],
                share[1][1]);
    study_decide(
        run, half,
        "all functions of 3 bits, 5 of 8 labels seen: of the predictions for the rest nearest neighbour gets %.3f right, a network %.3f; "
        "exactly 1/2 expected, for every learner",
        share[0][run->control], share[1][run->control]);
    return good;
}

const struct study study_free_lunch = {
    .name = "free_lunch", .control = "the functions of one threshold unit instead of all", .run = run};
