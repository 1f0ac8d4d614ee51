/* One option of a table, for the files that read and write options. */
#ifndef WG_CORE_OPTIONS_H
#define WG_CORE_OPTIONS_H

#include "wengert/options.h"

/* Sets an option, whose value is in range, from a number. */
void wg_option_set(const wg_option *option, void *options, double value);
/* The values of an option that is *n whole numbers: an int64_t, a pair, a triple. */
int64_t *wg_option_whole(const wg_option *option, void *options, int *n);
/* The option of that name; E_ARGUMENT lists the names that there are. */
wg_status wg_option_find(wg_option_table table, const char *name, const wg_option **found, const char *op);

#endif
