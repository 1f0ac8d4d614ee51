/* An average of numbers that no longer change stays where it is, in f32 at any rate. The distance from the exact average of one that
   begins at 0 is printed. */
#include "case.h"

int main(void)
{
    const double rates[] = {0.1, 0.01, 5e-3, 1e-3, 1e-4, 1e-5, 1e-6};
    enum { N = 64 };
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        float w[N], a[N];
        for (int i = 0; i < N; i++)
            w[i] = (float)(1 + i / 64.0 + 0.001 * sin(i)) * (i % 2 ? -1 : 1);
        wg_tensor *p = wg_from(w, WG_SHAPE(N)), *target = wg_from(w, WG_SHAPE(N)), *zero = wg_zeros(WG_F32, WG_SHAPE(N));
        const int steps = 200000;
        for (int s = 0; s < steps; s++)
            if (wg_ema_update(target, p, rates[r]) != WG_OK || wg_ema_update(zero, p, rates[r]) != WG_OK)
                return 2;
        double drift = 0, left = 0;
        if (wg_read(target, a) != WG_OK)
            return 2;
        for (int i = 0; i < N; i++)
            drift = fmax(drift, fabs((double)a[i] / w[i] - 1));
        if (wg_read(zero, a) != WG_OK)
            return 2;
        for (int i = 0; i < N; i++)
            left = fmax(left, fabs((double)a[i] / w[i] - (1 - pow(1 - rates[r], steps))));
        char t[90];
        snprintf(t, sizeof t, "rate %g: drift of an average equal to its value", rates[r]);
        near_(t, drift, 0, 2.5e-7);
        snprintf(t, sizeof t, "rate %g: from 0, distance to the exact average", rates[r]);
        printf("# %s %.3g\n", t, left);
    }
    return end_();
}
