/* What the memory of a training step is made of: a step of Adam of LeNet on 64 images. Each block of memory has a lifetime, from the op that
   asked for it to its death. The bytes in use at any moment are the sum of the blocks that live then:
       live(t) = live before the step + Σ blocks with born ≤ t < died - Σ blocks of before that died ≤ t.
   Values of the forward pass live until backward comes back to their layer. A value has been read for the last time before it dies, so
   there is a lower bound: the sum if each value died at its last use. lenet_step.svg has a bar for each of the largest blocks. */
#include "../study.h"

#include <inttypes.h>
#include <stdlib.h>

enum { IMAGES = 64 };

static wg_status train_step(const wg_nn_module *net, wg_optim *optim, wg_tensor *x, wg_tensor *labels)
{
    WG_TAPE(tape);
    WG_TRY(wg_backward(wg_cross_entropy(wg_nn_apply(net, x), labels)));
    return wg_optim_step(optim);
}

/* The recording of the second step of Adam, whose moments exist by then; NULL on failure. */
static wg_lifetime *second_step(void)
{
    const int64_t label[IMAGES] = {0};
    wg_nn_module *net = wg_nn_sequential(wg_nn_conv2d(1, 6, 5, .padding = WG_PAIR(2, 2)), wg_nn_relu(), wg_nn_max_pool2d(2),
                                         wg_nn_conv2d(6, 16, 5), wg_nn_relu(), wg_nn_max_pool2d(2), wg_nn_flatten(),
                                         wg_nn_linear(400, 120), wg_nn_relu(), wg_nn_linear(120, 84), wg_nn_relu(),
                                         wg_nn_linear(84, 10));
    wg_tensor *x = wg_full(WG_F32, WG_SHAPE(IMAGES, 1, 28, 28), 0.5), *labels = wg_from(label, WG_SHAPE(IMAGES));
    wg_optim *optim = net ? wg_optim_adam(wg_nn_parameters(net), .lr = 1e-3) : NULL;
    const bool begun = optim && x && labels && train_step(net, optim, x, labels) == WG_OK && wg_lifetime_begin() == WG_OK;
    const bool trained = begun && train_step(net, optim, x, labels) == WG_OK;
    wg_lifetime *l = begun ? wg_lifetime_end() : NULL;
    wg_optim_destroy(optim);
    wg_nn_destroy(net);
    wg_free(x), wg_free(labels);
    if (trained)
        return l;
    wg_lifetime_destroy(l);
    return NULL;
}

/* Bytes that live when a step's kernel has run, by what they are. needed: the sum if each value died at its last use. */
struct live {
    int64_t forward, backward, other, needed;
};

static bool is_used_later(const wg_lifetime_buffer *b, size_t step)
{
    return b->kind != WG_LIFETIME_VALUE || b->died == WG_LIFETIME_NONE || (b->last_use != WG_LIFETIME_NONE && b->last_use >= step);
}

static struct live live_at(const wg_lifetime *l, size_t step)
{
    const size_t t = l->step[step].end - 1;
    struct live live = {.other = l->live_before, .needed = l->live_before};
    for (const wg_lifetime_buffer *b = l->buffer; b < l->buffer + l->n_buffers; b++) {
        const int64_t block = (int64_t)b->block;
        const bool earlier = b->kind == WG_LIFETIME_EARLIER, dead = b->died != WG_LIFETIME_NONE && b->died <= t;
        if (earlier ? !dead : dead || b->born > t)
            continue;
        if (earlier)
            live.other -= block;
        else if (b->kind != WG_LIFETIME_VALUE)
            live.other += block;
        else
            *(b->part == WG_COST_FORWARD ? &live.forward : &live.backward) += block;
        live.needed += earlier ? -block : is_used_later(b, step) ? block : 0;
    }
    return live;
}

static bool write_bars(const struct study_run *run, const wg_lifetime *l)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/lenet_step.svg", run->folder);
    FILE *svg = fopen(path, "w");
    const bool good = svg && wg_lifetime_write_svg(l, svg, .title = "LeNet on 64 images: the memory of a step of Adam") == WG_OK;
    return svg && fclose(svg) == 0 && good;
}

/* Control: values that die at their last use. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    wg_lifetime *l = second_step();
    wg_lifetime_peak peak;
    bool good = l && wg_lifetime_peak_of(l, &peak) == WG_OK && write_bars(run, l) &&
                study_row(run, "op,part,counted,other,forward values,backward values,needed");
    int differ = 0;
    int64_t highest = 0;
    size_t at = 0; /* the op in which the peak lies */
    for (size_t i = 0; good && i < l->n_steps; i++) {
        const struct live live = live_at(l, i);
        const int64_t sum = run->control ? live.needed : live.other + live.forward + live.backward;
        differ += sum != l->step[i].live;
        highest = sum > highest ? sum : highest;
        at = l->step[i].time <= peak.time ? i : at;
        good = study_row(run, "%s,%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, l->step[i].op, (int)l->step[i].part,
                         l->step[i].live, live.other, live.forward, live.backward, live.needed);
    }
    if (good) {
        study_claim(run, peak.blocks == l->allocator_peak,
                    "the peak of the lifetimes, with workspace, is the allocator's: %" PRId64 " bytes of %" PRId64
                    ", inside %s, op %zu",
                    peak.blocks, l->allocator_peak, l->step[at].op, at + 1);
        study_decide(
            run, differ == 0,
            "a step of Adam of LeNet: the blocks whose lifetimes are not over add up to the bytes that the allocator counts, exactly, after each of %zu "
            "ops but %d (allowed: 0); the most is %.2f MiB",
            l->n_steps, differ, (double)highest / 0x1p20);
    }
    wg_lifetime_destroy(l);
    return good;
}

const struct study study_lifetimes = {.name = "lifetimes", .control = "values that die at their last use", .run = run};
