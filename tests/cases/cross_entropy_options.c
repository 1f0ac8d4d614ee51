/* Smoothing, weights and an ignored label together: the value is that of the rows that count, and an ignored row gives a gradient of exactly 0,
   whatever it holds. Labels that are ignored may lie outside the classes. */
#include "case.h"
static double by_hand(const double *z, const int64_t *t, int n, int c, const double *w, double s, int64_t ignore, int mean)
{
    double sum = 0, weight = 0;
    for (int i = 0; i < n; i++) {
        if (t[i] == ignore)
            continue;
        double lse = 0;
        for (int k = 0; k < c; k++)
            lse += exp(z[i * c + k]);
        lse = log(lse);
        sum += -(1 - s) * w[t[i]] * (z[i * c + t[i]] - lse);
        for (int k = 0; k < c; k++)
            sum += -s / c * w[k] * (z[i * c + k] - lse);
        weight += w[t[i]];
    }
    return mean ? sum / weight : sum;
}
int main(void)
{
    const double z[12] = {1, 2, 0.5, 3, 0.4, -1, 0.2, 0.3, 0.9, -2, 1, 0}, w[3] = {0.2, 0.3, 1.7}, one[3] = {1, 1, 1};
    const int64_t labels[2][4] = {{-100, 1, 2, 0}, {1, 1, 2, 0}};
    for (int set = 0; set < 2; set++) {
        const int64_t ignore = set ? 1 : -100;
        for (int weighted = 0; weighted < 2; weighted++)
            for (int smooth = 0; smooth < 2; smooth++)
                for (int mean = 0; mean < 2; mean++) {
                    WG_TAPE(tape);
                    wg_tensor *x = wg_set_requires_grad(wg_from(z, WG_SHAPE(4, 3)), true), *t = wg_from(labels[set], WG_SHAPE(4));
                    wg_tensor *y = wg_cross_entropy(x, t, .weight = weighted ? wg_from(w, WG_SHAPE(3)) : WG_NONE,
                                                    .smoothing = smooth * 0.1, .ignore = ignore,
                                                    .reduction = mean ? WG_REDUCTION_MEAN : WG_REDUCTION_SUM);
                    if (!y) {
                        is_("made", 0);
                        error_("cross entropy");
                        continue;
                    }
                    char s[80];
                    snprintf(s, sizeof s, "weights %d, smoothing %d, %s, ignore %lld", weighted, smooth, mean ? "mean" : "sum",
                             (long long)ignore);
                    near_(s, wg_item(y), by_hand(z, labels[set], 4, 3, weighted ? w : one, smooth * 0.1, ignore, mean), 1e-13);
                    wg_tensor *g = wg_grad(y, x);
                    for (int i = 0; i < 12; i++) {
                        double up[12], down[12];
                        memcpy(up, z, sizeof up);
                        memcpy(down, z, sizeof down);
                        up[i] += 1e-5;
                        down[i] -= 1e-5;
                        const double d = (by_hand(up, labels[set], 4, 3, weighted ? w : one, smooth * 0.1, ignore, mean) -
                                          by_hand(down, labels[set], 4, 3, weighted ? w : one, smooth * 0.1, ignore, mean)) /
                                         2e-5;
                        if (fabs(at_(g, i) - d) > 1e-8) {
                            snprintf(s, sizeof s, "gradient %d", i);
                            near_(s, at_(g, i), d, 1e-8);
                        }
                    }
                }
    }
    { /* all rows ignored: the mean over nothing is NaN, and the gradient 0, so that it does not spoil that of other losses */
        WG_TAPE(tape);
        wg_tensor *x = wg_set_requires_grad(wg_from(z, WG_SHAPE(4, 3)), true);
        wg_tensor *y = wg_cross_entropy(x, wg_full(WG_I64, WG_SHAPE(4), -100), .ignore = -100);
        near_("all ignored, mean", y ? wg_item(y) : 0, NAN, 0);
        wg_tensor *g = y ? wg_grad(y, x) : NULL;
        near_("all ignored: gradient", at_(g, 0), 0, 0);
        wg_tensor *s = wg_cross_entropy(x, wg_full(WG_I64, WG_SHAPE(4), -100), .ignore = -100, .reduction = WG_REDUCTION_SUM);
        near_("all ignored, sum", s ? wg_item(s) : NAN, 0, 0);
        near_("all ignored, sum: gradient", at_(wg_grad(s, x), 0), 0, 0);
    }
    { /* a -inf logit at an ignored row */
        WG_TAPE(tape);
        double m[6] = {-(double)INFINITY, -(double)INFINITY, -(double)INFINITY, 1, 2, 3};
        wg_tensor *x = wg_set_requires_grad(wg_from(m, WG_SHAPE(2, 3)), true),
                  *y = wg_cross_entropy(x, wg_from(I(7, 1), WG_SHAPE(2)), .ignore = 7);
        near_("an ignored row of -inf", wg_item(y), log(exp(1.0) + exp(2.0) + exp(3.0)) - 2, 1e-13);
        wg_tensor *g = wg_grad(y, x);
        near_("an ignored row of -inf: its gradient", at_(g, 0), 0, 0);
        near_("the other row's gradient", at_(g, 3), exp(1.0) / (exp(1.0) + exp(2.0) + exp(3.0)), 1e-13);
    }
    { /* nll of -inf that is not the label */
        WG_TAPE(tape);
        double m[3] = {-(double)INFINITY, -0.5, -(double)INFINITY};
        wg_tensor *x = wg_set_requires_grad(wg_from(m, WG_SHAPE(1, 3)), true), *y = wg_nll(x, wg_from(I(1), WG_SHAPE(1)));
        near_("nll beside -inf", wg_item(y), 0.5, 0);
        near_("nll beside -inf: gradient", at_(wg_grad(y, x), 0), 0, 0);
    }
    return end_();
}
