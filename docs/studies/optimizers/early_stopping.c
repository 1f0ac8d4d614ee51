/* Early stopping: a network that can fit its few, noisy examples falls in training loss to the end, while the loss on validation
   data turns and rises. Training ends when the validation loss has not improved for `patience` looks, and the weights of the best
   look are put back.

   20 examples of sin(πx) with noise, a network of 1-40-40-1 units. The criterion is given by J. Sun, Training DNNs: Basic Methods
   (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { EXAMPLES = 20, VALIDATION = 100, LOOK = 10, MAX_STEPS = 2500, PATIENCE = 12 };

struct data {
    wg_tensor *x, *y;
};

static bool data_make(struct data *d, uint64_t seed, uint64_t stream, int64_t n)
{
    wg_tensor *generator = wg_generator(seed, stream);
    WG_TAPE(tape);
    wg_tensor *x = wg_uniform(generator, WG_F64, WG_SHAPE(n, 1), -1, 1);
    d->y = wg_keep(wg_add(wg_sin(wg_mul_scalar(x, acos(-1))), wg_normal(generator, WG_F64, WG_SHAPE(n, 1), 0, 0.4)));
    d->x = wg_keep(x);
    wg_free(generator);
    return d->x && d->y;
}

static double loss_at(wg_nn_module *net, const struct data *d)
{
    WG_TAPE(tape);
    WG_NO_GRAD;
    return wg_item(wg_mse(wg_nn_apply(net, d->x), d->y));
}

/* What a run ends with. best: the lowest validation loss that was told. */
struct end {
    double train, validation, best;
    int64_t steps;
};

/* patience: of the stopping, or -1 for MAX_STEPS. restore: the best weights in the end. */
static bool train(struct study_run *run, const char *name, const struct data *d, const struct data *v, int64_t patience,
                  bool restore, struct end *end)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(1, 40, 40, 1), .activation = WG_ACTIVATION_TANH, .seed = run->seed, .dtype = WG_F64);
    wg_optim *adam = net ? wg_optim_adam(wg_nn_parameters(net), .lr = 5e-3) : NULL;
    wg_stopping *stop = wg_stopping_create(.max_steps = MAX_STEPS, .patience = patience);
    bool good = adam && stop && wg_stopping_keep(stop, wg_nn_state(net)) == WG_OK;
    while (good && !wg_stopping_done(stop)) {
        {
            WG_TAPE(tape);
            good = wg_backward(wg_mse(wg_nn_apply(net, d->x), d->y)) == WG_OK && wg_optim_step(adam) == WG_OK;
        }
        const int64_t steps = wg_stopping_inspect(stop).steps;
        if (steps % LOOK != 0 || !good)
            continue;
        const double validation = loss_at(net, v);
        good = wg_stopping_tell(stop, validation) == WG_OK &&
               (steps % 40 || study_row(run, "%s,%d,%.6g,%.6g", name, (int)steps, loss_at(net, d), validation));
    }
    if (good) {
        const wg_stopping_info info = wg_stopping_inspect(stop);
        good = !restore || wg_stopping_restore(stop) == WG_OK;
        *end = (struct end){loss_at(net, d), loss_at(net, v), info.best, info.steps};
    }
    wg_stopping_destroy(stop), wg_optim_destroy(adam), wg_nn_destroy(net);
    return good;
}

/* Control: no stopping. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    struct data d = {0}, v = {0};
    struct end whole = {0}, early = {0};
    bool good = data_make(&d, run->seed, 0, EXAMPLES) && data_make(&v, run->seed, 1, VALIDATION) &&
                study_row(run, "run,step,train,validation") && train(run, "whole", &d, &v, -1, false, &whole) &&
                train(run, "early", &d, &v, run->control ? -1 : PATIENCE, !run->control, &early);
    if (good) {
        study_claim(run, whole.train < 0.5 * early.train || run->control,
                    "training on lowers the training loss from %.3f to %.3f, below half", early.train, whole.train);
        study_claim(run, early.validation == early.best || run->control,
                    "what is restored has the best validation loss that was told, %.6f, exactly", early.best);
        study_decide(run, early.validation < 0.85 * whole.validation && early.steps < MAX_STEPS,
                     "early stopping, patience %d looks: %d steps in place of %d, validation loss %.3f in place of %.3f, below "
                     "0.85 of it",
                     PATIENCE, (int)early.steps, MAX_STEPS, early.validation, whole.validation);
        good = study_table(run, "stopped", "step,best") && study_row(run, "%d,%.6g", (int)early.steps, early.best);
    }
    wg_free(d.x), wg_free(d.y), wg_free(v.x), wg_free(v.y);
    return good;
}

const struct study study_early_stopping = {.name = "early_stopping", .control = "no stopping", .run = run};
