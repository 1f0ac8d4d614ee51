/* Row kernels of element-wise ops, compiled once per number type: MAP1, MAP2 and MAP3 for one, two and three inputs. The expression
   reads x, or a and b, or a, b and d; p points at the op's params. Contiguous operands, and for MAP2 one scalar operand (stride 0),
   have separate loops, which the compiler vectorises. n < 0: a recurrence of |n| steps; each result is the next step's first
   input. */

#define WG_LOOP(n) _Pragma("omp simd") for (int64_t i = 0; i < (n); i++)

/* A recurrence of |n| steps; step is an expression in last. n = 0 reads nothing, as an empty operand has no first element. */
#define WG_STEPS(n, first, step)                    \
    {                                               \
        const int64_t steps = (n) < 0 ? -(n) : (n); \
        int64_t i = 0;                              \
        if (steps > 0) {                            \
            REAL last = first;                      \
            do                                      \
                y[i * s[0]] = last = step;          \
            while (++i < steps);                    \
        }                                           \
    }

#define MAP1(name, params_type, expression)                                                     \
    WG_INLINE REAL T(name##_of)(REAL x, const params_type *p)                                   \
    {                                                                                           \
        (void)p;                                                                                \
        return expression;                                                                      \
    }                                                                                           \
    static void T(name##_row)(int64_t n, char *const *at, const int64_t *s, const void *params) \
    {                                                                                           \
        const params_type *p = (const params_type *)params;                                     \
        ELEM *y = (ELEM *)(void *)at[0];                                                        \
        const ELEM *x = (const ELEM *)(const void *)at[1];                                      \
        if (n <= 1)                                                                             \
            WG_STEPS(n, *x, T(name##_of)(last, p))                                              \
        else if (s[0] == 1 && s[1] == 1)                                                        \
            WG_LOOP(n)                                                                          \
                y[i] = T(name##_of)(x[i], p);                                                   \
        else                                                                                    \
            WG_LOOP(n)                                                                          \
                y[i * s[0]] = T(name##_of)(x[i * s[1]], p);                                     \
    }                                                                                           \
    static wg_status T(name)(const wg_call *c)                                                  \
    {                                                                                           \
        return wg_map(c, sizeof(ELEM), T(name##_row));                                          \
    }

#define MAP2(name, params_type, expression)                                                        \
    WG_INLINE REAL T(name##_of)(REAL a, REAL b, const params_type *p)                              \
    {                                                                                              \
        (void)p;                                                                                   \
        return expression;                                                                         \
    }                                                                                              \
    static void T(name##_row)(int64_t n, char *const *at, const int64_t *s, const void *params)    \
    {                                                                                              \
        const params_type *p = (const params_type *)params;                                        \
        ELEM *y = (ELEM *)(void *)at[0];                                                           \
        const ELEM *a = (const ELEM *)(const void *)at[1], *b = (const ELEM *)(const void *)at[2]; \
        if (n <= 1)                                                                                \
            WG_STEPS(n, *a, T(name##_of)(last, b[i * s[2]], p))                                    \
        else if (s[0] == 1 && s[1] == 1 && s[2] == 1)                                              \
            WG_LOOP(n)                                                                             \
                y[i] = T(name##_of)(a[i], b[i], p);                                                \
        else if (s[0] == 1 && s[1] == 1 && s[2] == 0)                                              \
            WG_LOOP(n)                                                                             \
                y[i] = T(name##_of)(a[i], b[0], p);                                                \
        else if (s[0] == 1 && s[1] == 0 && s[2] == 1)                                              \
            WG_LOOP(n)                                                                             \
                y[i] = T(name##_of)(a[0], b[i], p);                                                \
        else                                                                                       \
            WG_LOOP(n)                                                                             \
                y[i * s[0]] = T(name##_of)(a[i * s[1]], b[i * s[2]], p);                           \
    }                                                                                              \
    static wg_status T(name)(const wg_call *c)                                                     \
    {                                                                                              \
        return wg_map(c, sizeof(ELEM), T(name##_row));                                             \
    }

#define MAP3(name, params_type, expression)                                                        \
    WG_INLINE REAL T(name##_of)(REAL a, REAL b, REAL d, const params_type *p)                      \
    {                                                                                              \
        (void)p;                                                                                   \
        return expression;                                                                         \
    }                                                                                              \
    static void T(name##_row)(int64_t n, char *const *at, const int64_t *s, const void *params)    \
    {                                                                                              \
        const params_type *p = (const params_type *)params;                                        \
        ELEM *y = (ELEM *)(void *)at[0];                                                           \
        const ELEM *a = (const ELEM *)(const void *)at[1], *b = (const ELEM *)(const void *)at[2]; \
        const ELEM *d = (const ELEM *)(const void *)at[3];                                         \
        if (n <= 1)                                                                                \
            WG_STEPS(n, *a, T(name##_of)(last, b[i * s[2]], d[i * s[3]], p))                       \
        else if (s[0] == 1 && s[1] == 1 && s[2] == 1 && s[3] == 1)                                 \
            WG_LOOP(n)                                                                             \
                y[i] = T(name##_of)(a[i], b[i], d[i], p);                                          \
        else                                                                                       \
            WG_LOOP(n)                                                                             \
                y[i * s[0]] = T(name##_of)(a[i * s[1]], b[i * s[2]], d[i * s[3]], p);              \
    }                                                                                              \
    static wg_status T(name)(const wg_call *c)                                                     \
    {                                                                                              \
        return wg_map(c, sizeof(ELEM), T(name##_row));                                             \
    }
