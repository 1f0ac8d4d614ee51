/* The workloads of wg-bench and what they share. torch_bench.py has the same workloads in PyTorch on the same numbers. */
#ifndef BENCH_H
#define BENCH_H

#include <wengert.h>

struct remembered {
    wg_tensor *now, *initial; /* borrowed; owned */
};

/* Common to all workloads: the first member of each workload's struct. */
struct subject {
    uint64_t stream; /* the stream from which the next numbers are drawn */
    wg_tensor *loss; /* rank 0: a step writes its loss here while `report` is on, i.e. when the loss will be read */
    bool report;
    bool captured;            /* set before make, for a workload that captures parts of its step itself */
    struct remembered *state; /* what a step changes, with the initial values */
    wg_tensor **result;       /* what each step makes anew: the last step's, NULL before the first */
    size_t n_state, n_results;
};

struct workload {
    const char *name;
    size_t size;                                            /* of the workload's struct */
    wg_status (*make)(void *subject, const void *settings); /* starts from zeros but for subject.captured */
    wg_status (*step)(void *subject);
    void (*finish)(void *subject); /* also after a make that failed half way */
    const void *settings;
    const char *counted; /* what is counted in a step, such as "nodes", and how many; NULL if nothing is */
    const char *per;     /* such as "ns_per_node" */
    double count;
    bool memory;   /* peak memory is measured instead of time */
    bool captures; /* cannot be captured as a whole; subject.captured chooses */
};

/* All workloads; the last entry is NULL. */
extern const struct workload *const workloads[];

extern const struct workload w1, w2, w3, w4, w5, w5b, w6, w7a, w7b, w7c, w8_1e6, w8_1e7, w9, w10_grad, w10_hvp, w10_hess, w11, w12,
    w13, w14, w15, w17, w18;
/* W16 by rule and number of parameters. */
#define WG_W16_RULES(X) X(sgd) X(adam) X(adamw) X(rmsprop) X(lion) X(lamb) X(adafactor) X(muon) X(chain_sgd) X(chain_adamw)
#define WG_DECLARE_W16(rule) extern const struct workload w16_##rule##_1e7, w16_##rule##_2e3;
WG_W16_RULES(WG_DECLARE_W16)

/* ---- for the files of the workloads ---- */

wg_status subject_begin(struct subject *s, wg_dtype dtype); /* dtype: that of the loss */
wg_status subject_report(struct subject *s, wg_tensor *loss);
void subject_finish(struct subject *s);

/* Records the current values of tensors, which are borrowed: parameters and everything that has a gradient. subject_reset
   restores all of them. */
wg_status subject_remember(struct subject *s, wg_tensor *const *tensor, size_t n);
wg_status subject_remember_list(struct subject *s, wg_tensor_list list);
wg_status subject_reset(struct subject *s);

/* A hash of the bits of all recorded tensors, their gradients and the results, i.e. of what a step left. */
uint64_t subject_fingerprint(const struct subject *s);

/* Uniform in [low, high) from the subject's next stream, the same numbers on every machine. f32 or f64, contiguous. */
wg_tensor *drawn(struct subject *s, wg_dtype dtype, wg_shape shape, double low, double high);
wg_tensor *drawn_labels(struct subject *s, int64_t n, int classes);

/* The same with mean 0 and variance 1, f32. */
#define DRAWN(s, ...) drawn((s), WG_F32, WG_SHAPE(__VA_ARGS__), -1.7320508075688772, 1.7320508075688772)

/* Draws the weight and bias of each layer from U(±1/√fan_in); γ and β of batch norm stay 1 and 0. */
wg_status draw_parameters(struct subject *s, const wg_nn_module *net);

/* The status of the error that made a constructor return NULL. */
wg_status failure(void);

/* ---- training a classifier, also used by the second derivatives ---- */

struct classifier {
    struct subject base;
    wg_nn_module *net;
    wg_optim *opt;
    wg_tensor *x, *labels;
};

struct classifier_settings {
    wg_nn_module *(*net)(void);
    wg_optim *(*optimizer)(wg_tensor_list params); /* NULL: no update */
    wg_shape input;                                /* images (N,C,H,W) are batch-innermost in memory */
    int classes;
};

wg_status classifier_make(void *subject, const void *settings);
wg_status classifier_step(void *subject);
void classifier_finish(void *subject);

wg_nn_module *w2_net(void);
wg_optim *adam(wg_tensor_list params); /* learning rate 1e-3 */

#endif
