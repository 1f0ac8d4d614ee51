/* Lifting. Two rings around the origin are not linearly separable in the plane. With a third coordinate z = √(x² + y²) they are: the plane
   z = ¾ lies between them. A network's hidden layers do the same with a lifting that they have learned.

   The example is that of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

enum { ROWS = 300, SHOWN = 120 };

struct set {
    wg_tensor *x, *y; /* features (ROWS, 2 or 3); targets 0 and 1 (ROWS, 1) */
};

/* Logistic regression. */
static wg_tensor *loss(wg_tensor *const *p, size_t n, void *context)
{
    (void)n;
    const struct set *set = context;
    return wg_bce_with_logits(wg_linear(set->x, p[0], p[1]), set->y);
}

/* Rings of the radii ½ and 1 with the noise 0.05, lifted or not. */
static bool make(struct set *set, uint64_t seed, bool lifted, bool control)
{
    wg_tensor *xy, *label;
    if (wg_dataset_make_rings(&xy, &label, .rows = ROWS, .seed = seed, .dtype = WG_F64) != WG_OK)
        return false;
    {
        WG_TAPE(tape);
        wg_tensor *z = control ? wg_sum(xy, .axis = 1, .keepdims = true) : wg_norm2(xy, .axis = 1, .keepdims = true);
        set->x = wg_keep(lifted ? wg_concat((wg_tensor *[]){xy, z}, 2, 1) : wg_copy(xy));
        set->y = wg_keep(wg_reshape(wg_cast(label, WG_F64), WG_SHAPE(ROWS, 1)));
    }
    wg_free(xy), wg_free(label);
    return set->x && set->y;
}

static double accuracy(const struct set *set, wg_tensor *const *p)
{
    WG_TAPE(tape);
    wg_tensor *score = wg_linear(set->x, p[0], p[1]), *zero = wg_zeros(WG_F64, WG_SHAPE(1));
    return wg_item(wg_mean(wg_cast(wg_eq(wg_gt(score, zero), wg_gt(set->y, zero)), WG_F64)));
}

/* Fits a linear classifier to one sample; its accuracy on another; NaN if something failed. weight receives the fitted weights and b. */
static double fit(uint64_t seed, bool lifted, bool control, double weight[4])
{
    struct set train = {0}, test = {0};
    const int64_t features = lifted ? 3 : 2;
    wg_tensor *p[2] = {wg_zeros(WG_F64, WG_SHAPE(1, features)), wg_zeros(WG_F64, WG_SHAPE(1))};
    bool good = wg_set_requires_grad(p[0], true) && wg_set_requires_grad(p[1], true) && make(&train, 2 * seed, lifted, control) &&
                make(&test, 2 * seed + 1, lifted, control);
    wg_minimizer *lbfgs = good ? wg_minimize_lbfgs(((wg_tensor_list){2, p, NULL}), .line_search = WG_MINIMIZE_SEARCH_STRONG_WOLFE,
                                                   .max_iterations = 50)
                               : NULL;
    good = lbfgs && wg_minimize_run(lbfgs, loss, &train, NULL) == WG_OK && wg_read(p[0], weight) == WG_OK &&
           wg_read(p[1], weight + features) == WG_OK;
    const double right = good ? accuracy(&test, p) : (double)NAN;
    wg_minimize_destroy(lbfgs);
    wg_free(p[0]), wg_free(p[1]), wg_free(train.x), wg_free(train.y), wg_free(test.x), wg_free(test.y);
    return right;
}

/* The first points of the test set. */
static bool draw(struct study_run *run)
{
    struct set set = {0};
    bool good = make(&set, 2 * run->seed + 1, true, false);
    const double *x = good ? wg_data(set.x) : NULL, *y = good ? wg_data(set.y) : NULL;
    for (int i = 0; i < SHOWN && good; i++)
        good = study_row(run, "%.4f,%.4f,%.4f,%g", x[3 * i], x[3 * i + 1], x[3 * i + 2], y[i]);
    wg_free(set.x), wg_free(set.y);
    return good;
}

/* Control: the third coordinate x + y, which is linear. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double plane[4], space[4];
    const double before = fit(run->seed, false, run->control, plane), after = fit(run->seed, true, run->control, space);
    if (isnan(before + after) || !study_row(run, "x,y,z,class") || !draw(run) || !study_table(run, "weights", "x,y,z,b") ||
        !study_row(run, "%.6g,%.6g,%.6g,%.6g", space[0], space[1], space[2], space[3]))
        return false;
    study_claim(run, before < 0.7, "in the plane the linear classifier has %.1f %% right; no line has more than about 67 %%",
                100 * before);
    study_decide(
        run, after == 1,
        "with z = √(x² + y²) a linear classifier has %.1f %% of fresh points of two rings right, expected 100 %%; without z it "
        "has %.1f %%, where 50 %% is chance",
        100 * after, 100 * before);
    return true;
}

const struct study study_lifting = {.name = "lifting", .control = "the lifting z = x + y, which is linear,", .run = run};
