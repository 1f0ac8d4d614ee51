/* x converted to another dtype. To a float dtype it rounds to nearest. To an integer dtype it rounds towards zero and saturates;
   NaN gives 0. Between float dtypes the gradient is cast back; to and from integer dtypes there is no gradient. The cost counts no
   work for conversions. */
#include "ops/op.h"

struct params {
    wg_dtype dtype;
};

static inline int64_t i64_of(double v)
{
    return v >= 0x1p63 ? INT64_MAX : v >= -0x1p63 ? (int64_t)v : v < 0 ? INT64_MIN : 0;
}

static inline uint8_t u8_of(double v)
{
    return v >= 255 ? 255 : v > 0 ? (uint8_t)v : 0;
}

#define ROW(name, from, to, expression)                                                \
    static void name(int64_t n, char *const *at, const int64_t *s, const void *params) \
    {                                                                                  \
        to *y = (to *)(void *)at[0];                                                   \
        const from *x = (const from *)(const void *)at[1];                             \
        (void)params;                                                                  \
        for (int64_t i = 0; i < n; i++) {                                              \
            const from v = x[i * s[1]];                                                \
            y[i * s[0]] = (expression);                                                \
        }                                                                              \
    }
ROW(f32_f32, float, float, v)
ROW(f32_f64, float, double, v)
ROW(f32_i64, float, int64_t, i64_of(v))
ROW(f32_u8, float, uint8_t, u8_of(v))
ROW(f64_f32, double, float, (float)v)
ROW(f64_f64, double, double, v)
ROW(f64_i64, double, int64_t, i64_of(v))
ROW(f64_u8, double, uint8_t, u8_of(v))
ROW(i64_f32, int64_t, float, (float)v)
ROW(i64_f64, int64_t, double, (double)v)
ROW(i64_i64, int64_t, int64_t, v)
ROW(i64_u8, int64_t, uint8_t, u8_of((double)v))
ROW(u8_f32, uint8_t, float, v)
ROW(u8_f64, uint8_t, double, v)
ROW(u8_i64, uint8_t, int64_t, v)
ROW(u8_u8, uint8_t, uint8_t, v)

static wg_row *const rows[4][4] = {
    [WG_F32] = {f32_f32, f32_f64, f32_i64, f32_u8},
    [WG_F64] = {f64_f32, f64_f64, f64_i64, f64_u8},
    [WG_I64] = {i64_f32, i64_f64, i64_i64, i64_u8},
    [WG_U8] = {u8_f32, u8_f64, u8_i64, u8_u8},
};

static wg_status forward(const wg_call *c)
{
    return wg_map(c, wg_dtype_size((wg_dtype)c->dtype), rows[c->in[0]->dtype][c->out[0]->dtype]);
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct params *p = c->params;
    out->dtype = p->dtype;
    return wg_broadcast_shapes(c, out);
}

wg_tensor *wg_cast(wg_tensor *x, wg_dtype dtype)
{
    const struct params p = {dtype};
    return wg_invoke1(&wg_op_cast, &p, x);
}

static wg_status vjp(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_cast(gy[0], (wg_dtype)c->in[0]->dtype));
}

static wg_status jvp(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    const struct params *p = c->params;
    return wg_made(ty[0] = p->dtype == WG_F32 || p->dtype == WG_F64 ? wg_cast(tx[0], p->dtype) : WG_NONE);
}

#define TO(to)                       \
    .params = &(const struct params) \
    {                                \
        to                           \
    }
const struct wg_op wg_op_cast = {
    .name = WG_REGISTERED("cast"),
    .params_size = sizeof(struct params),
    WG_PARAMS(WG_PARAM(DTYPE, struct params, dtype)),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {forward, forward}}},
    .vjp = vjp,
    .jvp = jvp,
    .cost = wg_cost_bytes,
    .flags = WG_OP_BROADCASTS | WG_OP_SURE,
    WG_SAMPLES({"f64 to f64", {WG_DIMS(3, 4)}, .n = 1, .dtype = {WG_F64}, TO(WG_F64)},
               {"to i64", {WG_DIMS(3, 4)}, .n = 1, .low = {1}, .high = {100}, TO(WG_I64)},
               {"to u8", {WG_DIMS(3, 4)}, .n = 1, .low = {1}, .high = {100}, TO(WG_U8)},
               {"i64 to f32", {WG_DIMS(3, 4)}, .n = 1, .dtype = {WG_I64}, .low = {-9}, .high = {9}, TO(WG_F32)},
               {"i64 to u8", {WG_DIMS(3, 4)}, .n = 1, .dtype = {WG_I64}, .low = {-9}, .high = {200}, TO(WG_U8)},
               {"u8 to f64", {WG_DIMS(3, 4)}, .n = 1, .dtype = {WG_U8}, .low = {60}, .high = {200}, TO(WG_F64)}),
};
