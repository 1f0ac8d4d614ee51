/* Benchmarks convolutions of LeNet (batch 64) and of a CIFAR network (batch 32) in GFLOP/s, forward and both gradients, and
   pooling in ns per element. Images are batch-innermost (C,H,W,N) or row-major (N,C,H,W) in memory; medians of many calls. */
#include <stdio.h>
#include <stdlib.h>
#include <wengert.h>

#include "timing.h"

enum { ROUNDS = 41 };

/* A tensor (N,C,H,W) with elements in -1..1, row-major or batch-innermost. */
static wg_tensor *images(int64_t n, int64_t c, int64_t h, int64_t w, bool innermost)
{
    wg_tensor *t = innermost ? wg_permute(wg_zeros(WG_F32, WG_SHAPE(c, h, w, n)), WG_AXES(3, 0, 1, 2))
                             : wg_zeros(WG_F32, WG_SHAPE(n, c, h, w));
    float *x = t ? wg_data_mut(t) : NULL;
    for (int64_t i = 0; x && i < n * c * h * w; i++)
        x[i] = (float)(i * 7919 % 2001) / 1000 - 1;
    if (!x)
        exit(wg_error_report(stderr));
    return t;
}

/* A layer and its operands. */
struct layer {
    const char *name;
    int64_t n, c, extent, outputs, kernel, padding;
};
struct operands {
    wg_tensor *x, *w, *b, *gy;
    wg_conv_options options;
    int64_t extent, kernel;
};

enum work { FORWARD, BY_IMAGE, BY_KERNEL, MAX, MAX_GRAD, AVG, AVG_GRAD };

static wg_tensor *run(enum work work, const struct operands *o)
{
    switch (work) {
    case FORWARD:
        return wg_conv2d_with(o->x, o->w, o->b, o->options);
    case BY_IMAGE:
        return wg_conv2d_input(o->gy, o->w, o->extent, o->extent, o->options);
    case BY_KERNEL:
        return wg_conv2d_weight(o->x, o->gy, o->kernel, o->kernel, o->options);
    case MAX:
        return wg_max_pool2d(o->x, .size = WG_PAIR(2, 2), .stride = WG_PAIR(2, 2));
    case MAX_GRAD:
        return wg_max_pool2d_grad(o->x, o->gy, WG_POOL(.size = WG_PAIR(2, 2), .stride = WG_PAIR(2, 2)));
    case AVG:
        return wg_avg_pool2d(o->x, .size = WG_PAIR(2, 2), .stride = WG_PAIR(2, 2));
    default:
        return wg_avg_pool2d_grad(o->gy, o->extent, o->extent, WG_AVG_POOL(.size = WG_PAIR(2, 2), .stride = WG_PAIR(2, 2)));
    }
}

/* The median time of a call in seconds. */
static double seconds(enum work work, const struct operands *o)
{
    double donated[ROUNDS];
    for (int i = -3; i < ROUNDS; i++) {
        WG_TAPE(tape);
        const double start = now();
        if (!run(work, o))
            exit(wg_error_report(stderr));
        donated[i < 0 ? 0 : i] = now() - start;
    }
    return median(donated, ROUNDS);
}

static void time_layer(const struct layer *l, bool innermost)
{
    const int64_t extent = l->extent + 2 * l->padding - l->kernel + 1;
    struct operands o = {.extent = l->extent, .kernel = l->kernel, .options = WG_CONV(.padding = WG_PAIR(l->padding, l->padding))};
    o.x = images(l->n, l->c, l->extent, l->extent, innermost);
    o.w = images(l->outputs, l->c, l->kernel, l->kernel, false);
    o.b = wg_full(WG_F32, WG_SHAPE(l->outputs), 0.5);
    o.gy = images(l->n, l->outputs, extent, extent, innermost);
    const double work = 2e-9 * (double)(l->n * l->c * l->outputs * extent * extent * l->kernel * l->kernel);
    printf("  %-18s", l->name);
    for (int threads = 1; threads <= 2; threads++) {
        if (wg_set_threads(threads) != WG_OK)
            exit(wg_error_report(stderr));
        for (int k = FORWARD; k <= BY_KERNEL; k++)
            printf("%7.0f", work / seconds((enum work)k, &o));
        printf("   ");
    }
    printf("\n");
    wg_tensor *all[] = {o.x, o.w, o.b, o.gy};
    for (int i = 0; i < 4; i++)
        wg_free(all[i]);
}

static void time_pooling(bool innermost)
{
    struct operands o = {.x = images(64, 6, 28, 28, innermost), .gy = images(64, 6, 14, 14, innermost), .extent = 28};
    printf("  %-18s", "pooling 2x2, ns");
    for (int threads = 1; threads <= 2; threads++) {
        if (wg_set_threads(threads) != WG_OK)
            exit(wg_error_report(stderr));
        for (int k = MAX; k <= AVG_GRAD; k++)
            printf("%7.2f", 1e9 * seconds((enum work)k, &o) / (64 * 6 * 14 * 14));
        printf("   ");
    }
    printf("\n");
    wg_free(o.x);
    wg_free(o.gy);
}

int main(void)
{
    static const struct layer layers[] = {
        {"LeNet conv1", 64, 1, 28, 6, 5, 2},      {"LeNet conv2", 64, 6, 14, 16, 5, 0},     {"CIFAR 3 -> 32", 32, 3, 32, 32, 3, 1},
        {"CIFAR 32 -> 32", 32, 32, 32, 32, 3, 1}, {"CIFAR 32 -> 64", 32, 32, 16, 64, 3, 1},
    };
    printf(
        "f32, %s; GFLOP/s forward, by image, by kernel, and ns an output of max_pool2d, its gradient, avg_pool2d, its gradient;\n"
        "1 and 2 threads; medians of %d\n",
        wg_instruction_set(), ROUNDS);
    for (int innermost = 1; innermost >= 0; innermost--) {
        printf("%s\n", innermost ? "images innermost" : "row-major");
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
            time_layer(&layers[i], innermost);
        time_pooling(innermost);
    }
    return 0;
}
