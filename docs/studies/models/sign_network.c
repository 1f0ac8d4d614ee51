/* sign as an activation can't be trained: its derivative is 0 wherever it has one, so backprop gives the layers before it the gradient
   0, and the output layer learns on random features. The straight-through estimator passes the gradient on as if sign were min(max(x,
   -1), 1); it is the usual way out, but no derivative.

   The point is made by J. Sun, Training DNNs: Basic Methods (Minnesota, 2020). */
#include "../study.h"

#include <math.h>

enum { ROWS = 200, HIDDEN = 12, STEPS = 600, KINDS = 3 };
static const char *const names[KINDS] = {"sign", "straight-through", "tanh"};

/* How far a network of HIDDEN units has moved after training. */
struct outcome {
    double moved, loss, right; /* of the hidden weights; at the end; share of points */
};

static wg_nn_module *make(int kind, uint64_t seed)
{
    wg_tensor *g = wg_generator(seed, WG_STREAM_INIT);
    wg_nn_module *between = kind == 2 ? wg_nn_tanh() : wg_nn_sign(.straight_through = kind == 1);
    wg_nn_module *hidden = wg_nn_linear(2, HIDDEN, .dtype = WG_F64, .generator = g);
    wg_nn_module *net = wg_nn_sequential(hidden, between, wg_nn_linear(HIDDEN, 1, .dtype = WG_F64, .generator = g));
    wg_free(g);
    return net;
}

/* Trains on x, y by Adam, with rows of the table; false if something failed. */
static bool train(struct study_run *run, int kind, wg_tensor *x, wg_tensor *y, struct outcome *o)
{
    wg_nn_module *net = make(kind, run->seed);
    wg_tensor *weight = net ? wg_nn_parameter(net, "0.weight") : NULL, *start = weight ? wg_copy(weight) : NULL;
    wg_optim *adam = net ? wg_optim_adam(wg_nn_parameters(net), .lr = 0.02) : NULL;
    bool good = adam && start;
    for (int t = 0; t <= STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *score = wg_nn_apply(net, x), *loss = wg_bce_with_logits(score, y), *half = wg_full(WG_F64, WG_SHAPE(1), 0.5);
        wg_tensor *right = wg_eq(wg_gt(wg_sigmoid(score), half), wg_gt(y, half));
        *o = (struct outcome){wg_item(wg_norm2(wg_sub(weight, start))), wg_item(loss), wg_item(wg_mean(wg_cast(right, WG_F64)))};
        good = (t % 10 || study_row(run, "%s,%d,%.9g,%.9g,%.9g", names[kind], t, o->moved, o->loss, o->right)) &&
               wg_backward(loss) == WG_OK && wg_optim_step(adam) == WG_OK;
    }
    wg_optim_destroy(adam);
    wg_free(start);
    wg_nn_destroy(net);
    return good;
}

/* Control: the straight-through estimator in the place of the derivative. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_tensor *x = NULL, *label = NULL, *y = NULL;
    struct outcome o[KINDS];
    bool good = wg_dataset_make_spirals(&x, &label, .rows = ROWS, .classes = 2, .turns = 0.6, .noise = 0.03, .seed = run->seed,
                                        .dtype = WG_F64) == WG_OK &&
                study_row(run, "activation,step,moved,loss,right");
    if (good) {
        WG_TAPE(tape);
        y = wg_keep(wg_reshape(wg_cast(label, WG_F64), WG_SHAPE(ROWS, 1)));
    }
    for (int kind = 0; kind < KINDS && good; kind++)
        good = y && train(run, kind, x, y, &o[kind]);
    wg_free(x), wg_free(label), wg_free(y);
    if (!good)
        return false;
    study_claim(run, o[2].loss < o[0].loss / 2, "after %d steps tanh has the loss %.3f (%.1f %% right), sign %.3f (%.1f %%)", STEPS,
                o[2].loss, 100 * o[2].right, o[0].loss, 100 * o[0].right);
    study_claim(run, o[1].moved > 0.1, "with the straight-through estimator the hidden weights move by %.2f; loss %.3f", o[1].moved,
                o[1].loss);
    const double moved = o[run->control].moved;
    study_decide(run, moved == 0, "%d steps of Adam with %d sign units move the hidden weights by %g; 0 expected, exactly", STEPS,
                 HIDDEN, moved);
    return true;
}

const struct study study_sign_network = {.name = "sign_network", .control = "the straight-through estimator", .run = run};
