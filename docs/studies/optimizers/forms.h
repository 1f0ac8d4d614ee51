/* A rule as a deck writes it, in a few lines of plain C, beside the library's optimizer. Both run in the valley
   f(x) = 2 (x₂ - x₁²)² + ½ (1 - x₁)², from (-1, 2); its minimum is (1, 1). */
#ifndef WG_STUDIES_FORMS_H
#define WG_STUDIES_FORMS_H

#include "../study.h"

/* The deck's run, of one coordinate. x: the point. lead: gradients are taken at x + lead. last: the point before. v, r: what the
   rule remembers. At the start x = last, and the others are 0. */
struct form {
    double x, lead, last, v, r;
};

/* The deck's step number t, from 1, of one coordinate, at the rate η with the gradient g at x + lead. */
typedef void form_step(struct form *s, double g, int t, double rate);

/* steps: how many. rate: η. cut: the rate is a tenth of it from this step on; 0: constant. evaluations: of f and its gradient so
   far, by the library's runs. x: the parameter, made by forms_open. */
struct forms {
    struct study_run *run;
    int steps, cut, evaluations;
    double rate;
    wg_tensor *x;
};

bool forms_open(struct forms *f); /* makes x, and writes the table's header: form,step,library_x1,library_x2,deck_x1,deck_x2,f */
void forms_close(struct forms *f);

/* The parameter, at the start again: for an optimizer of the next run. */
wg_tensor_list forms_start(struct forms *f);

/* Runs both, and writes the table's rows under this name: the largest distance of the library's parameter from the deck's x +
   lead at any step. NaN if something failed. Destroys optim. */
double forms_distance(struct forms *f, const char *name, wg_optim *optim, form_step *deck);

#endif
