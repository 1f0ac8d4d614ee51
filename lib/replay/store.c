/* Stores. An assignment (WG_OP_STORES) is logged as an op whose result is the target, so that it joins the group that computes the value. */
#include <string.h>

#include "replay/log.h"

static inline void store_elements(int64_t n, char *const *at, const int64_t *s, int64_t size)
{
    if (n < 0) { /* a chain, each of the one before: all of the first */
        for (int64_t i = 0; i < -n; i++)
            memcpy(at[0] + size * i * s[0], at[1], (size_t)size);
    } else if (s[0] == 1 && s[1] == 1)
        memmove(at[0], at[1], (size_t)(n * size));
    else
        for (int64_t i = 0; i < n; i++)
            memcpy(at[0] + size * i * s[0], at[1] + size * i * s[1], (size_t)size);
}

static void store_4(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    (void)params;
    store_elements(n, at, s, 4);
}

static void store_8(int64_t n, char *const *at, const int64_t *s, const void *params)
{
    (void)params;
    store_elements(n, at, s, 8);
}

static wg_status store(const wg_call *c)
{
    const struct wg_op *assign = c->context;
    wg_tensor *in[2] = {c->out[0], c->in[0]};
    return assign->kernels[WG_PORTABLE].run[c->dtype == WG_F64](&(wg_call){.op = assign, .in = in, .n_in = 2, .dtype = c->dtype});
}

const struct wg_op wg_op_store = {
    .name = "assign", .n_in = 1, .n_out = 1, .registered = true, .kernels = {{.run = {store, store}, .row = {store_4, store_8}}}};
