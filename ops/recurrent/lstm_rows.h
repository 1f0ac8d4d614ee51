/* One row of a step of an LSTM and of its gradient, for the element type being compiled. The formulas are in lstm_cell.c and
   lstm_cell_grad.c. */

/* The n units of one row. at and step: gates, next, h, x, s, c. s is read only with with_s. */
WG_INLINE void T(lstm_units)(int64_t n, char *const *at, const int64_t *step, bool with_s)
{
    ELEM *gates = (ELEM *)(void *)at[0], *next = (ELEM *)(void *)at[1], *h = (ELEM *)(void *)at[2];
    const ELEM *x = (const ELEM *)(const void *)at[3], *s = (const ELEM *)(const void *)at[4],
               *c = (const ELEM *)(const void *)at[5];
#define GATE(k) (with_s ? (REAL)x[(i + (k)*n) * step[3]] + (REAL)s[(i + (k)*n) * step[4]] : (REAL)x[(i + (k)*n) * step[3]])
    WG_LOOP(n) {
        const REAL gi = R(sigmoid)(GATE(0)), gf = R(sigmoid)(GATE(1)), gg = R(tanh)(GATE(2)), go = R(sigmoid)(GATE(3));
        const REAL cell = gf * (REAL)c[i * step[5]] + gi * gg;
        gates[i * step[0]] = gi;
        gates[(i + n) * step[0]] = gf;
        gates[(i + 2 * n) * step[0]] = gg;
        gates[(i + 3 * n) * step[0]] = go;
        next[i * step[1]] = cell;
        h[i * step[2]] = go * R(tanh)(cell);
    }
#undef GATE
}

static inline void T(lstm_row)(int64_t columns, char *const *at, const int64_t *s, const void *params)
{
    static const int64_t ones[6] = {1, 1, 1, 1, 1, 1};
    const bool with_s = at[4] != 0;
    const bool contiguous = s[0] == 1 && s[1] == 1 && s[2] == 1 && s[3] == 1 && (!with_s || s[4] == 1) && s[5] == 1;
    const int64_t n = columns / 4;
    (void)params;
    if (contiguous && with_s) /* constants let the compiler vectorise */
        T(lstm_units)(n, at, ones, true);
    else if (contiguous)
        T(lstm_units)(n, at, ones, false);
    else
        T(lstm_units)(n, at, s, with_s);
}

/* The n units of one row. at and step: gx, gc, gates, c, next, gnext, gh. */
WG_INLINE void T(lstm_grad_units)(int64_t n, char *const *at, const int64_t *step)
{
    ELEM *gx = (ELEM *)(void *)at[0], *gc = (ELEM *)(void *)at[1];
    const ELEM *gates = (const ELEM *)(const void *)at[2], *c = (const ELEM *)(const void *)at[3],
               *next = (const ELEM *)(const void *)at[4], *gnext = (const ELEM *)(const void *)at[5],
               *gh = (const ELEM *)(const void *)at[6];
    WG_LOOP(n) {
        const REAL gi = gates[i * step[2]], gf = gates[(i + n) * step[2]], gg = gates[(i + 2 * n) * step[2]],
                   go = gates[(i + 3 * n) * step[2]];
        const REAL t = R(tanh)(next[i * step[4]]), h = gh[i * step[6]];
        const REAL d = (REAL)gnext[i * step[5]] + h * go * ((REAL)1 - t * t);
        gx[i * step[0]] = d * gg * (gi * ((REAL)1 - gi));
        gx[(i + n) * step[0]] = d * (REAL)c[i * step[3]] * (gf * ((REAL)1 - gf));
        gx[(i + 2 * n) * step[0]] = d * gi * ((REAL)1 - gg * gg);
        gx[(i + 3 * n) * step[0]] = h * t * (go * ((REAL)1 - go));
        gc[i * step[1]] = d * gf;
    }
}

static inline void T(lstm_grad_row)(int64_t columns, char *const *at, const int64_t *s, const void *params)
{
    static const int64_t ones[7] = {1, 1, 1, 1, 1, 1, 1};
    (void)params;
    if (memcmp(s, ones, sizeof ones) == 0) /* constants let the compiler vectorise */
        T(lstm_grad_units)(columns / 4, at, ones);
    else
        T(lstm_grad_units)(columns / 4, at, s);
}
