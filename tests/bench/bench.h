/* The workloads of wg-bench: what each is, and what they share. torch_bench.py has the same in PyTorch, on the same numbers. */
#ifndef BENCH_H
#define BENCH_H

#include <wengert.h>

struct remembered {
    wg_tensor *now, *initial; /* borrowed, owned */
};

/* What every workload has: the first member of its own struct. */
struct subject {
    uint64_t stream; /* of the numbers drawn next */
    wg_tensor *loss; /* rank 0: where a step leaves its loss while report is on, which it is while somebody will look */
    bool report;
    struct remembered *state; /* what a step changes, and what it was before */
    wg_tensor **result;       /* what each step makes anew: the last step's, NULL before the first */
    size_t n_state, n_results;
};

struct workload {
    const char *name;
    size_t size;                                            /* of its struct */
    wg_status (*make)(void *subject, const void *settings); /* from zeroed memory */
    wg_status (*step)(void *subject);
    void (*finish)(void *subject); /* also of what make left half done */
    const void *settings;
    const char *counted; /* what a step is made of, "nodes", and how many; NULL where nothing is counted */
    const char *per;     /* "ns_per_node" */
    double count;
    bool memory; /* its peak is measured, not its time */
};

/* All of them; the last is NULL. */
extern const struct workload *const workloads[];

extern const struct workload w1, w2, w3, w4, w5, w5b, w6, w7a, w7b, w7c, w8_1e6, w8_1e7, w9, w10_grad, w10_hvp, w10_hess, w11, w12;

/* ---- for the workloads' files ---- */

wg_status subject_begin(struct subject *s, wg_dtype dtype); /* of the loss */
wg_status subject_report(struct subject *s, wg_tensor *loss);
void subject_finish(struct subject *s);

/* Remembers tensors, which are borrowed, as they are now: parameters, whatever has a gradient. subject_reset brings all of them
   back to that. */
wg_status subject_remember(struct subject *s, wg_tensor *const *tensor, size_t n);
wg_status subject_remember_list(struct subject *s, wg_tensor_list list);
wg_status subject_reset(struct subject *s);

/* Of the bits of all of them, of their gradients and of the results: what a step left. */
uint64_t subject_fingerprint(const struct subject *s);

/* Evenly spread over [low, high), from the subject's next stream; the same numbers everywhere. f32 or f64, contiguous. */
wg_tensor *drawn(struct subject *s, wg_dtype dtype, wg_shape shape, double low, double high);
wg_tensor *drawn_labels(struct subject *s, int64_t n, int classes);

/* The same of mean 0 and variance 1, f32. */
#define DRAWN(s, ...) drawn((s), WG_F32, WG_SHAPE(__VA_ARGS__), -1.7320508075688772, 1.7320508075688772)

/* The weight and the bias of each layer, U(±1/√fan_in); γ and β of batch norm stay 1 and 0. */
wg_status draw_parameters(struct subject *s, const wg_nn_module *net);

/* What made a constructor return NULL. */
wg_status failure(void);

/* ---- what training a classifier takes, which the second derivatives use too ---- */

struct classifier {
    struct subject base;
    wg_nn_module *net;
    wg_optim *opt;
    wg_tensor *x, *labels;
};

struct classifier_settings {
    wg_nn_module *(*net)(void);
    wg_optim *(*optimizer)(wg_tensor_list params); /* NULL: no update */
    wg_shape input;                                /* images (N,C,H,W) lie batch innermost */
    int classes;
};

wg_status classifier_make(void *subject, const void *settings);
wg_status classifier_step(void *subject);
void classifier_finish(void *subject);

wg_nn_module *w2_net(void);
wg_optim *adam(wg_tensor_list params); /* lr 1e-3 */

#endif
