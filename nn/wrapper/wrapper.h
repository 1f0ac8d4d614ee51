/* What wrappers share: making one around a module, and applying that module with a parameter computed. */
#ifndef NN_WRAPPER_H
#define NN_WRAPPER_H

#include "../module/module.h"
#include "wengert/nn/wrapper.h"

/* A wrapper that is being made. */
struct nn_wrapper {
    const char *op;        /* the constructor, for messages */
    wg_nn_module *module;  /* that is wrapped, taken over */
    const char *parameter; /* its name */
    wg_tensor *tensor;     /* the parameter */
    wg_nn_module *wrapper;
};

/* In this order; each but the last does nothing where the status so far is not WG_OK, and returns it. Finds the parameter and makes *axis a
   number of one of its axes, or WG_ALL; makes the wrapper, whose own parameters come first; adds parameter or buffer PARAMETER_ending, which
   are taken over; adds the module and its other parameters. nn_wrapper_end returns NULL on failure, and nothing is left. */
wg_status nn_wrapper_find(struct nn_wrapper *w, int64_t *axis);
wg_status nn_wrapper_make(struct nn_wrapper *w, const struct wg_nn_kind *kind, const void *options, wg_status status);
wg_status nn_wrapper_add_parameter(struct nn_wrapper *w, const char *ending, wg_tensor *t, wg_status status);
wg_status nn_wrapper_add_buffer(struct nn_wrapper *w, const char *ending, wg_tensor *t, wg_status status);
wg_nn_module *nn_wrapper_end(struct nn_wrapper *w, wg_status status);

/* A wrapper's context is the name of the parameter. */
void nn_wrapper_destroy(void *context);
void *nn_wrapper_copy(const void *context);
wg_tensor *nn_wrapper_apply(const wg_nn_call *call, wg_tensor *parameter);

/* 1/x where x is not 0; else 0, and so is its gradient. */
wg_tensor *nn_reciprocal_or_zero(wg_tensor *x);

#endif
