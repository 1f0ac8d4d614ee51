/* K-FAC: what its files share. find.c: the layers of a network. step.c: what a step has seen. factors.c: factors and inverses. */
#ifndef OPTIM_KFAC_H
#define OPTIM_KFAC_H

#include "wengert/kfac.h"
#include "wengert/ops.h"

/* The state of a layer: how many steps have seen it (f64), the factors A and G, and their inverses, which are (groups, dim, dim).
   */
enum { COUNT, A, G, A_INVERSE, G_INVERSE, LAYER_STATE };

/* A weight and, if it has one, the bias, which belong to one layer or to several that share them: as a matrix of each group,
   (rows, columns), the bias its last column. */
struct layer {
    char *name;               /* the weight's */
    wg_tensor *weight, *bias; /* bias: NULL, there is none */
    wg_tensor *borrowed[2];
    bool convolution;
    int64_t groups, rows, columns;
    wg_tensor *state[LAYER_STATE];
};

/* What is known of one application of a layer. aa: the sum of ā āᵀ over its rows; gg: of gradients of its result, NULL before one
   has come. aa is the tape's, gg one's own. */
struct seen {
    struct seen *next;
    struct kfac_step *step;
    const struct layer *layer;
    wg_tensor *aa, *gg;
    double rows, samples;
};

/* One wg_kfac_apply. It lives as long as its tape or, if it was captured, as the replay, because hooks refer to it. */
struct kfac_step {
    struct kfac_step *next; /* of the same kfac */
    wg_kfac *kfac;          /* NULL: it has ended */
    const wg_tape *tape;
    struct seen *seen;
    bool ran;      /* the kernel of its closure ran at once: this is no capture */
    bool observed; /* by wg_kfac_observe: later gradients do not count */
    bool used;     /* by wg_kfac_precondition */
};

struct wg_kfac {
    wg_kfac_options options;
    const wg_nn_module *net;
    struct layer *layer;
    size_t n_layers;
    wg_tensor *damping;
    wg_tensor *lr;           /* borrowed of the optimizer; NULL: 1 */
    struct kfac_step *steps; /* of open tapes */
    wg_tensor **state;       /* what wg_kfac_state lends */
    char **name;
    size_t n_state;
};

/* ---- find.c ---- */

wg_status kfac_find_layers(wg_kfac *kfac, wg_nn_module *net, const char *op);
void kfac_free_layers(wg_kfac *kfac);
bool kfac_is_convolution(const wg_nn_module *module);
bool kfac_is_layer(const wg_nn_module *module);

/* ---- step.c ---- */

/* Ends what steps of closed captures have left. E_MEMORY. */
wg_status kfac_forget_captured(wg_kfac *kfac);
/* What was seen counts no more, and later backward passes neither. */
void kfac_use_steps(wg_kfac *kfac);

/* ---- factors.c ---- */

/* The sum of ā āᵀ over the rows that a layer reads of x, and of g gᵀ over those of its result, (groups, dim, dim). *rows: how
   many. NULL on failure. */
wg_tensor *kfac_input_factor(const struct layer *layer, const wg_nn_call *call, double *rows);
wg_tensor *kfac_result_factor(const struct layer *layer, wg_tensor *g);

/* (A + π √λ I)⁻¹ and (G + √λ/π I)⁻¹ at the first step and at each whose number, count, divides by the frequency, else the old
   ones. */
wg_status kfac_inverses(const wg_kfac *kfac, wg_tensor *const *state, wg_tensor *count, wg_tensor **inverse);

#endif
