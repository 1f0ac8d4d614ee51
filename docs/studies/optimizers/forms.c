/* Two runs of one rule side by side: the library's optimizer, and a deck's formula. */
#include "forms.h"

#include <math.h>

static const double start[2] = {-1, 2};

static wg_tensor *valley(wg_tensor *x)
{
    wg_tensor *x1 = wg_slice(x, 0, 0, 1, 1), *x2 = wg_slice(x, 0, 1, 2, 1);
    wg_tensor *wall = wg_square(wg_sub(x2, wg_square(x1))), *floor = wg_square(wg_add_scalar(wg_neg(x1), 1));
    return wg_sum(wg_add(wg_mul_scalar(wall, 2), wg_mul_scalar(floor, 0.5)));
}

/* The gradient of the valley, by hand. */
static void gradient_at(double x1, double x2, double g[2])
{
    g[0] = -8 * x1 * (x2 - x1 * x1) - (1 - x1);
    g[1] = 4 * (x2 - x1 * x1);
}

bool forms_open(struct forms *f)
{
    f->x = wg_from(start, WG_SHAPE(2));
    return f->x && wg_set_requires_grad(f->x, true) && study_row(f->run, "form,step,library_x1,library_x2,deck_x1,deck_x2,f");
}

void forms_close(struct forms *f)
{
    wg_free(f->x);
}

wg_tensor_list forms_start(struct forms *f)
{
    const bool good = wg_write(f->x, start) == WG_OK;
    return (wg_tensor_list){good, &f->x, NULL};
}

double forms_distance(struct forms *f, const char *name, wg_optim *optim, form_step *deck)
{
    struct form s[2] = {{.x = start[0], .last = start[0]}, {.x = start[1], .last = start[1]}};
    double worst = 0, g[2];
    const double *at = wg_data(f->x);
    bool good = optim != NULL;
    for (int t = 0; t <= f->steps && good; t++) {
        const double rate = f->cut && t + 1 >= f->cut ? f->rate / 10 : f->rate, ahead[2] = {s[0].x + s[0].lead, s[1].x + s[1].lead};
        worst = fmax(worst, hypot(at[0] - ahead[0], at[1] - ahead[1]));
        WG_TAPE(tape);
        wg_tensor *value = valley(f->x);
        good = study_row(f->run, "%s,%d,%.9g,%.9g,%.9g,%.9g,%.9g", name, t, at[0], at[1], ahead[0], ahead[1], wg_item(value)) &&
               wg_backward(value) == WG_OK && wg_optim_set_lr(optim, 0, rate) == WG_OK && wg_optim_step(optim) == WG_OK;
        f->evaluations++;
        gradient_at(ahead[0], ahead[1], g);
        for (int i = 0; i < 2; i++)
            deck(&s[i], g[i], t + 1, rate);
    }
    wg_optim_destroy(optim);
    return good ? worst : (double)NAN;
}
