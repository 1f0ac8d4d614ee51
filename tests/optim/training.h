/* What the tests of optimizers and of schedules check alike. */
#ifndef TRAINING_H
#define TRAINING_H

#include <stdio.h>

#include "nn_check.h"
#include "wengert/options.h"

/* What a training run of two parameters depends on. */
struct training {
    wg_tensor *p[2];
    wg_optim *optim;
};

static inline void assert_same_training(const struct training *a, const struct training *b)
{
    const wg_tensor_list x = wg_optim_state(a->optim), y = wg_optim_state(b->optim);
    assert_int_equal(x.n, y.n);
    for (size_t i = 0; i < x.n; i++)
        assert_same_bits(x.tensor[i], y.tensor[i]);
    assert_same_bits(a->p[0], b->p[0]);
    assert_same_bits(a->p[1], b->p[1]);
}

/* Copies state and parameters, as a checkpoint of them would. */
static inline void resume(const struct training *to, const struct training *from)
{
    const wg_tensor_list read = wg_optim_state(from->optim), written = wg_optim_state(to->optim);
    assert_int_equal(read.n, written.n);
    for (size_t i = 0; i < read.n; i++)
        assert_int_equal(wg_write_raw(written.tensor[i], wg_data(read.tensor[i])), WG_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(wg_write_raw(to->p[i], wg_data(from->p[i])), WG_OK);
}

/* The text begins with the name and shows each option, which has a help text. */
static inline void assert_shows(const char *text, const char *name, wg_option_table table)
{
    assert_int_equal(strncmp(text, name, strlen(name)), 0);
    for (size_t i = 0; i < table.n; i++) {
        char shown[80];
        snprintf(shown, sizeof shown, "%s=", table.option[i].name);
        assert_non_null(strstr(text, shown));
        assert_true(table.option[i].help[0] != 0);
    }
}

#endif
