/* What the curve of the loss says of the learning rate. A network learns digits, a fifth of which have a random label, by SGD. At a low rate the
   loss falls slowly, nearly in a line, and is still falling at the end. At a good one it falls fast and far. At a high one it falls
   fastest at first, and then stays up, because its steps jitter around what it could reach. Far too high, it does not fall at all. The remedy for a
   high rate is a staircase: divide it by ten after each third of the run. The loss drops at each division, and ends lowest.

   The curves are those of J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>
#include <string.h>

enum { LOW, GOOD, HIGH, TOO_HIGH, STAIRCASE, KINDS };
enum { EPOCHS = 30, MAX_SEEDS = 5 };
static const char *const kind_name[KINDS] = {"low", "good", "high", "too high", "staircase"};
static const double rate[KINDS] = {0.003, 0.05, 0.4, 10, 0.4};

/* What training is handed: the network, and where the mean loss of each epoch goes. */
struct context {
    wg_nn_module *net;
    double *curve;
};

static wg_tensor *loss(wg_tensor *x, wg_tensor *y, void *context)
{
    return wg_cross_entropy(wg_nn_apply(((struct context *)context)->net, x), y);
}

static wg_status note(wg_train_report *report, void *context)
{
    for (size_t i = 0; i < report->n; i++)
        if (strcmp(report->value[i].name, "loss") == 0)
            ((struct context *)context)->curve[report->epoch - 1] = report->value[i].value;
    return WG_OK;
}

/* Trains a network from the same weights as every other kind, on the same batches. */
static bool train(wg_tensor *x, wg_tensor *y, uint64_t seed, double lr, bool stairs, int epochs, double curve[EPOCHS])
{
    struct context context = {wg_nn_mlp(WG_SIZES(64, 16, 10), .activation = WG_ACTIVATION_TANH, .seed = seed), curve};
    wg_optim *sgd = context.net ? wg_optim_sgd(wg_nn_parameters(context.net), .lr = lr) : NULL;
    wg_batches *batches = wg_batches_create(x, y, .size = 4, .seed = seed);
    const int64_t third = batches ? epochs / 3 * wg_batches_per_epoch(batches) : 1;
    wg_lr *schedule = stairs ? wg_lr_step(.period = third, .gamma = 0.1) : wg_lr_constant(.factor = 1);
    const bool good = sgd && batches && schedule &&
                      wg_train(context.net, sgd, batches, loss, &context, .epochs = epochs, .schedule = schedule,
                               .epoch_end = note) == WG_OK;
    wg_lr_destroy(schedule);
    wg_batches_destroy(batches);
    wg_optim_destroy(sgd);
    wg_nn_destroy(context.net);
    return good;
}

/* A fifth of the labels becomes random. */
static bool spoil(wg_tensor *y, uint64_t seed)
{
    WG_TAPE(tape);
    wg_tensor *generator = wg_generator(seed, 0);
    const double *u = wg_data(wg_uniform(generator, WG_F64, WG_SHAPE(wg_numel(y), 2), 0, 1));
    int64_t *label = wg_data_mut(y);
    for (int64_t i = 0; u && label && i < wg_numel(y); i++)
        label[i] = u[2 * i] < 0.2 ? (int64_t)(10 * u[2 * i + 1]) : label[i];
    wg_free(generator);
    return u && label;
}

/* Curves of all kinds and seeds, as rows; first and last: the mean over seeds of the loss of the first and of the last epoch. */
static bool train_all(struct study_run *run, int seeds, int epochs, double first[KINDS], double last[KINDS])
{
    wg_tensor *x = NULL, *y = NULL;
    bool good = wg_dataset_digits(&x, &y, .flat = true) == WG_OK && spoil(y, run->seed) &&
                study_row(run, "kind,rate,seed,epoch,loss");
    for (int kind = 0; kind < KINDS; kind++) {
        double curve[EPOCHS], begin[MAX_SEEDS], end[MAX_SEEDS];
        const double lr = run->control ? rate[GOOD] : rate[kind];
        for (int i = 0; i < seeds && good; i++) {
            good = train(x, y, 10 * run->seed + (uint64_t)i, lr, kind == STAIRCASE && !run->control, epochs, curve);
            for (int e = 0; e < epochs && good; e++)
                good = study_row(run, "%s,%g,%d,%d,%.4g", kind_name[kind], lr, i, e + 1, curve[e]);
            begin[i] = curve[0], end[i] = curve[epochs - 1];
        }
        first[kind] = good ? study_mean(begin, seeds) : (double)NAN;
        last[kind] = good ? study_mean(end, seeds) : (double)NAN;
    }
    wg_free(x), wg_free(y);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double first[KINDS], last[KINDS];
    const int seeds = run->quick ? 1 : MAX_SEEDS, epochs = run->quick ? 12 : EPOCHS;
    if (!train_all(run, seeds, epochs, first, last))
        return false;
    study_claim(run, run->control || last[TOO_HIGH] > 2.3,
                "far too high, at %g, the loss ends at %.1f, above ln 10 = 2.3, that of guessing", rate[TOO_HIGH], last[TOO_HIGH]);
    (run->quick ? study_reduced : study_decide)(
        run,
        first[HIGH] < first[GOOD] && first[GOOD] < first[LOW] && last[STAIRCASE] < last[GOOD] && last[GOOD] < last[HIGH] &&
            last[HIGH] < last[LOW],
        "digits, mean loss over %d seeds: in epoch 1 the rates rank high, good, low (%.2f < %.2f < %.2f); in epoch %d staircase, good, high, low (%.3f < %.3f < "
        "%.3f < %.3f)",
        seeds, first[HIGH], first[GOOD], first[LOW], epochs, last[STAIRCASE], last[GOOD], last[HIGH], last[LOW]);
    return true;
}

const struct study study_rate_diagnosis = {.name = "rate_diagnosis", .control = "the good rate in place of all others", .run = run};
