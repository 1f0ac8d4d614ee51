/* The loss to second order along one direction, by one Hessian-vector product. */
#include <math.h>

#include "frame.h"

/* gᵀv and vᵀHv. */
static wg_status along(struct study *s, wg_tensor *v, double *slope, double *curvature)
{
    WG_NO_GRAD;
    wg_tensor *gv = wg_dot(s->gradient, v), *vhv = wg_dot(v, study_product(s, v));
    if (!gv || !vhv)
        return study_cause();
    *slope = wg_item(gv);
    *curvature = wg_item(vhv);
    return WG_OK;
}

wg_status study_descent(struct study *s, wg_study_descent *descent)
{
    double squared, curvature;
    WG_TRY(along(s, s->gradient, &squared, &curvature));
    *descent = (wg_study_descent){.loss = s->value,
                                  .gradient_norm = sqrt(squared),
                                  .curvature = curvature,
                                  .rayleigh = curvature / squared,
                                  .step = curvature > 0 ? squared / curvature : (double)INFINITY};
    return WG_OK;
}

wg_status wg_study_curvature(const wg_study_loss *loss, wg_study_descent *descent)
{
    static const char op[] = "study_curvature";
    struct study s;
    if (!descent)
        return wg_error_set(WG_E_NULL, op, "%s: where the numbers are to go is NULL", op);
    wg_status status = study_begin(&s, op, loss, NULL, STUDY_PRODUCTS);
    if (status == WG_OK)
        status = study_descent(&s, descent);
    study_end(&s, NULL);
    return status;
}

wg_status wg_study_quadratic(const wg_study_loss *loss, wg_tensor *d, double *model)
{
    static const char op[] = "study_quadratic";
    struct study s;
    double slope = 0, curvature = 0;
    if (!model)
        return wg_error_set(WG_E_NULL, op, "%s: where the number is to go is NULL", op);
    wg_status status = study_begin_along(&s, op, loss, &d, 1, "d", STUDY_PRODUCTS);
    if (status == WG_OK)
        status = along(&s, d, &slope, &curvature);
    if (status == WG_OK)
        *model = s.value + slope + curvature / 2;
    study_end(&s, NULL);
    return status;
}
