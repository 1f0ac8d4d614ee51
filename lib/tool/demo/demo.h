/* What demonstrations share: a small problem whose gradient descent one watches step by step, in a terminal (lib/tool/demo.c) or on a
   page for the browser (page.html and NAME.js, which compute the same steps). */
#ifndef WG_TOOL_DEMO_H
#define WG_TOOL_DEMO_H

#include <stdbool.h>
#include <stdio.h>

#include <wengert.h>

enum { DEMO_MAX_PARAMS = 2 };

/* A problem under way. options: the struct that the demonstration's table describes. params: leaves, of which begin made the first
   demo.n_params. step: how many were taken. */
struct demo_state {
    void *options;
    wg_tensor *params[DEMO_MAX_PARAMS];
    wg_optim *optim;
    int64_t step;
};

/* begin: sets the parameters' start. False: an error of the library.
   loss: of the current parameters, on the open tape.
   optimizer: with the options of now.
   adjust: gives state->optim, which stays, the options of now; or NULL if it has no state to keep. False: it takes another optimizer.
   print: where it is, for a terminal of 80 columns. False: an error of the library.
   write_data: a member of a JSON object for the page, "points":[…] or the like, or nothing. */
struct demo {
    const char *name, *summary;
    const wg_option_table *table;
    size_t n_params;
    const char *const *script;
    bool (*begin)(struct demo_state *state);
    wg_tensor *(*loss)(const struct demo_state *state);
    wg_optim *(*optimizer)(const struct demo_state *state);
    bool (*adjust)(struct demo_state *state);
    bool (*print)(struct demo_state *state);
    void (*write_data)(FILE *page);
};

extern const struct demo demo_classifier, demo_conditioning;

#endif
