/* Template: the vectors of the portable kernels. A vector has LANES elements of type REAL; loops handle them one by one. */

typedef REAL T(vector) __attribute__((vector_size(16)));

static inline T(vector) T(load)(const REAL *p, int n)
{
    T(vector) x = {0};
    memcpy(&x, p, (size_t)n * sizeof *p);
    return x;
}

static inline void T(store_first)(REAL *p, int n, T(vector) x)
{
    memcpy(p, &x, (size_t)n * sizeof *p);
}

static inline T(vector) T(splat)(REAL x)
{
    return x - (T(vector)){0};
}

static inline T(vector) T(fma)(T(vector) x, T(vector) y, T(vector) z)
{
    for (int i = 0; i < LANES; i++)
        z[i] = FMA_ONE(x[i], y[i], z[i]);
    return z;
}

static inline T(vector) T(relu)(T(vector) x)
{
    for (int i = 0; i < LANES; i++)
        x[i] = x[i] <= 0 ? 0 : x[i];
    return x;
}

static inline void T(transpose)(T(vector) * x)
{
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < i; j++) {
            const REAL swapped = x[i][j];
            x[i][j] = x[j][i];
            x[j][i] = swapped;
        }
}

static inline void T(load_transposed)(const REAL *from, int64_t line, T(vector) * x)
{
    for (int j = 0; j < LANES; j++)
        for (int p = 0; p < LANES / 2; p++)
            x[p][j] = from[j * line + p];
}

static inline T(vector) T(fold)(const T(vector) * x)
{
    T(vector) sum = x[0];
    for (int i = 0; i < LANES; i++) {
        T(vector) y = x[i];
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int l = 0; l < half; l++)
                y[l] = y[l] + y[l + half];
        sum[i] = y[0];
    }
    return sum;
}
