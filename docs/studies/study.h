/* What studies share. A study is an experiment that judges itself: it writes its numbers as CSV, draws them, and prints a line PASS or
   FAIL for each claim. It uses public headers only, so it is also an example of a program. */
#ifndef WG_STUDIES_STUDY_H
#define WG_STUDIES_STUDY_H

#include <stdbool.h>
#include <stdio.h>

#include <wengert.h>

/* A run of a study. folder: where its files go. quick: a shorter run, for automatic tests; the claims stay the same. */
struct study_run {
    const char *name, *folder;
    bool quick;
    FILE *csv;
    int passed, failed;
};

/* run returns false if the study could not go on; the reason was printed, or is the library's first error. options: what it takes
   beside --out and --quick; a struct of table.size bytes. */
struct study {
    const char *name, *claims;
    wg_option_table table;
    bool (*run)(struct study_run *run, const void *options);
};

/* One claim: prints "PASS text" or "FAIL text" and counts it. Returns good. */
bool study_claim(struct study_run *run, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A claim that got and want differ by at most tolerance; the line names all three. NaN fails. */
bool study_near(struct study_run *run, const char *what, double got, double want, double tolerance);

/* A line of FOLDER/NAME.csv, of which the first is the header. */
bool study_row(struct study_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Draws FOLDER/NAME.svg by gnuplot. commands plot; they follow a preamble that sets terminal, output, colours, grid and CSV as format,
   and they find the table as the variable `csv`. The script is kept as FOLDER/NAME.gp. Without gnuplot a line says what to install,
   and that is no failure. */
bool study_draw(struct study_run *run, const char *commands);

/* The exponent p of the least-squares fit y = c x^p, in logarithms. */
double study_exponent(const double *x, const double *y, int n);

#endif
