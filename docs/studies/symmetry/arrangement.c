#include "arrangement.h"

#include <string.h>

static bool draw(wg_tensor *generator, int n, double *values)
{
    wg_tensor *t = wg_normal(generator, WG_F64, WG_SHAPE(n), 0, 1);
    const bool good = t && wg_read(t, values) == WG_OK;
    wg_free(t);
    return good;
}

bool draw_arrangement(struct arrangement *planes, int n, int d, uint64_t seed, bool through_origin)
{
    wg_tensor *generator = wg_generator(seed, 0);
    bool good = generator != NULL;
    memset(planes, 0, sizeof *planes);
    planes->n = n;
    planes->d = d;
    for (int i = 0; i < n && good; i++)
        good = draw(generator, d, planes->w[i]) && draw(generator, 1, &planes->c[i]);
    if (through_origin)
        memset(planes->c, 0, sizeof planes->c);
    wg_free(generator);
    return good;
}

unsigned code_of(const struct arrangement *planes, const double *x)
{
    unsigned code = 0;
    for (int i = 0; i < planes->n; i++) {
        double sum = -planes->c[i];
        for (int k = 0; k < planes->d; k++)
            sum += planes->w[i][k] * x[k];
        code |= (unsigned)(sum > 0) << i;
    }
    return code;
}

/* Solves w_i·x = c_i ± 10⁻⁶ for the d hyperplanes i of a set of bits, for each choice of signs. */
static bool solve_corner(const struct arrangement *planes, unsigned set, double points[][MAX_DIMENSION])
{
    const int d = planes->d, choices = 1 << d;
    double w[MAX_DIMENSION * MAX_DIMENSION], c[MAX_DIMENSION << MAX_DIMENSION];
    for (int i = 0, row = 0; i < planes->n; i++)
        if (set >> i & 1) {
            memcpy(w + row * d, planes->w[i], sizeof(double) * (size_t)d);
            for (int s = 0; s < choices; s++)
                c[row * choices + s] = planes->c[i] + (s >> row & 1 ? 1e-6 : -1e-6);
            row++;
        }
    WG_TAPE(tape);
    const double *x = wg_data(wg_solve(wg_from(w, WG_SHAPE(d, d)), wg_from(c, WG_SHAPE(d, choices))));
    for (int s = 0; x && s < choices; s++)
        for (int k = 0; k < d; k++)
            points[s][k] = x[k * choices + s];
    return x != NULL;
}

int corner_points(const struct arrangement *planes, double points[MAX_CORNER_POINTS][MAX_DIMENSION])
{
    int n_points = 0;
    for (unsigned set = 0; set < 1u << planes->n; set++)
        if (__builtin_popcount(set) == planes->d) {
            if (!solve_corner(planes, set, points + n_points))
                return -1;
            n_points += 1 << planes->d;
        }
    return n_points;
}

int count_codes(const struct arrangement *planes, double points[][MAX_DIMENSION], int n_points, bool *seen)
{
    int count = 0;
    memset(seen, 0, sizeof *seen << planes->n);
    for (int p = 0; p < n_points; p++) {
        const unsigned code = code_of(planes, points[p]);
        count += !seen[code];
        seen[code] = true;
    }
    return count;
}
