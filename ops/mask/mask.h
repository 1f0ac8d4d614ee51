/* Kernels and op definitions of ops whose result is a mask: u8, 1 for true and 0 for false. The cost counts comparisons of floats
   but not of integers. */
#ifndef WG_MASK_H
#define WG_MASK_H

/* Row kernels for wg_map. The expression reads x, or a and b, of the given type; memory is the elements' type in memory, which
   differs when operations are counted. */
#define MASK1(name, type, memory, expression)                                                   \
    static inline uint8_t T(name##_of)(type x)                                                  \
    {                                                                                           \
        return (expression) ? 1 : 0;                                                            \
    }                                                                                           \
    static void T(name##_row)(int64_t n, char *const *at, const int64_t *s, const void *params) \
    {                                                                                           \
        uint8_t *y = (uint8_t *)(void *)at[0];                                                  \
        const memory *x = (const memory *)(const void *)at[1];                                  \
        (void)params;                                                                           \
        if (s[0] == 1 && s[1] == 1)                                                             \
            WG_LOOP(n)                                                                          \
                y[i] = T(name##_of)(x[i]);                                                      \
        else                                                                                    \
            WG_LOOP(n)                                                                          \
                y[i * s[0]] = T(name##_of)(x[i * s[1]]);                                        \
    }
#define MASK2(name, type, memory, expression)                                                            \
    static inline uint8_t T(name##_of)(type a, type b)                                                   \
    {                                                                                                    \
        return (expression) ? 1 : 0;                                                                     \
    }                                                                                                    \
    static void T(name##_row)(int64_t n, char *const *at, const int64_t *s, const void *params)          \
    {                                                                                                    \
        uint8_t *y = (uint8_t *)(void *)at[0];                                                           \
        const memory *a = (const memory *)(const void *)at[1], *b = (const memory *)(const void *)at[2]; \
        (void)params;                                                                                    \
        if (s[0] == 1 && s[1] == 1 && s[2] == 1)                                                         \
            WG_LOOP(n)                                                                                   \
                y[i] = T(name##_of)(a[i], b[i]);                                                         \
        else if (s[0] == 1 && s[1] == 1 && s[2] == 0)                                                    \
            WG_LOOP(n)                                                                                   \
                y[i] = T(name##_of)(a[i], b[0]);                                                         \
        else                                                                                             \
            WG_LOOP(n)                                                                                   \
                y[i * s[0]] = T(name##_of)(a[i * s[1]], b[i * s[2]]);                                    \
    }
#define MASK_KERNEL(name, row)                        \
    static wg_status T(name)(const wg_call *c)        \
    {                                                 \
        return wg_map(c, sizeof(ELEM), T(row##_row)); \
    }

/* The kernels of a comparison, for floats, i64 and u8. */
#define COMPARE(name, relation)                                                                                           \
    MASK2(name##_floats, REAL, ELEM, a relation b)                                                                        \
    MASK2(name##_integers, int64_t, int64_t, a relation b)                                                                \
    MASK2(name##_bytes, uint8_t, uint8_t, a relation b)                                                                   \
    static wg_status T(name)(const wg_call *c)                                                                            \
    {                                                                                                                     \
        wg_row *const row[4] = {T(name##_floats_row), T(name##_floats_row), T(name##_integers_row), T(name##_bytes_row)}; \
        return wg_map(c, sizeof(ELEM), row[c->in[0]->dtype]);                                                             \
    }
/* The kernel of a logical op on masks; in the expression, a and b are 0 or 1. */
#define LOGICAL(name, expression)                  \
    MASK2(name##_bytes, bool, uint8_t, expression) \
    MASK_KERNEL(name, name##_bytes)
/* The kernel of a predicate on floats. */
#define CLASSIFY(name, expression)               \
    MASK1(name##_floats, REAL, ELEM, expression) \
    MASK_KERNEL(name, name##_floats)

#define MASK_OP(op, inputs, ...)                         \
    const struct wg_op wg_op_##op = {                    \
        .name = WG_REGISTERED(#op),                      \
        .n_in = inputs,                                  \
        .n_out = 1,                                      \
        .kernels = KERNELS(op),                          \
        .flags = WG_OP_NO_DERIVATIVE | WG_OP_BROADCASTS, \
        .reason = "a mask does not change smoothly",     \
        __VA_ARGS__,                                     \
    }
#define COMPARISON_OP(op)                                                                                                        \
    wg_tensor *wg_##op(wg_tensor *a, wg_tensor *b)                                                                               \
    {                                                                                                                            \
        return wg_invoke2(&wg_op_##op, NULL, a, b);                                                                              \
    }                                                                                                                            \
    MASK_OP(op, 2, .shape = wg_comparison_shape, .cost = wg_comparison_cost,                                                     \
            WG_SAMPLES({"floats", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2},                                                       \
                       {"i64", {WG_DIMS(3, 4), WG_DIMS(4)}, .n = 2, .dtype = {WG_I64, WG_I64}, .low = {-2, -2}, .high = {2, 2}}, \
                       {"u8", {WG_DIMS(3, 1), WG_DIMS(4)}, .n = 2, .dtype = {WG_U8, WG_U8}, .low = {0, 0}, .high = {3, 3}}))
#define LOGICAL_OP(op)                                               \
    wg_tensor *wg_##op(wg_tensor *a, wg_tensor *b)                   \
    {                                                                \
        return wg_invoke2(&wg_op_##op, NULL, a, b);                  \
    }                                                                \
    MASK_OP(op, 2, .shape = wg_logical_shape, .cost = wg_cost_bytes, \
            WG_SAMPLES({"3x4", {WG_DIMS(3, 4), WG_DIMS(3, 4)}, .n = 2, .dtype = {WG_U8, WG_U8}, .low = {0, 0}, .high = {3, 3}}))
#define CLASSIFICATION_OP(op)                    \
    wg_tensor *wg_##op(wg_tensor *x)             \
    {                                            \
        return wg_invoke1(&wg_op_##op, NULL, x); \
    }                                            \
    MASK_OP(op, 1, .shape = wg_comparison_shape, .cost = wg_comparison_cost, WG_SAMPLES({"3x4", {WG_DIMS(3, 4)}, .n = 1}))

#endif
