/* What studies share. A study is an experiment that judges itself: it writes its numbers as CSV and prints a line PASS or FAIL for each
   claim; its harness (lib/tool/study.c) draws NAME.gp and ends with the claim that decides. It uses public headers only, so it is also an
   example of a program. */
#ifndef WG_STUDIES_STUDY_H
#define WG_STUDIES_STUDY_H

#include <stdbool.h>
#include <stdio.h>

#include <wengert.h>

enum { STUDY_MAX_TEXT = 400 };

/* A run of a study.
   folder: where its files go.
   quick: at most the seconds that studies.def gives, for automatic tests. What that is too short for is a weaker claim, study_reduced.
   control: the run is spoiled as study.control says, and its deciding claim must fail.
   seed: of everything random; 1 unless --seed says otherwise.
   data: of a study of images, a folder of MNIST, Fashion-MNIST or CIFAR files; NULL: the handwritten digits that the library has. */
struct study_run {
    const char *name, *folder, *data;
    bool quick, control;
    uint64_t seed;
    FILE *csv;
    int passed, failed, reduced;
    bool decided, decision; /* the deciding claim was made; it is true */
    char deciding[STUDY_MAX_TEXT];
};

/* run returns false if the study could not go on; the reason was printed, or is the library's first error.
   control: what a control run spoils, as "the printed minimum (3, 0)".
   details: paragraphs for --help, or NULL.
   images: it takes --data.
   table: its own options, a struct of table.size bytes. */
struct study {
    const char *name, *control, *details;
    bool images;
    wg_option_table table;
    bool (*run)(struct study_run *run, const void *options);
};

/* One claim: prints "PASS text" or "FAIL text" and counts it. Returns good. */
bool study_claim(struct study_run *run, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A claim that got and want differ by at most tolerance; the line names all three. NaN fails. */
bool study_near(struct study_run *run, const char *what, double got, double want, double tolerance);

/* The claim that decides the study, which makes exactly one. The text has the figure, the tolerance and, if it is not plain, the reason
   for the tolerance; it stands in the index of studies. */
bool study_decide(struct study_run *run, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool study_decide_near(struct study_run *run, const char *what, double got, double want, double tolerance);

/* The deciding claim of a quick run that cannot decide the study's: a weaker one. Prints "REDUCED text", or "FAIL text". */
bool study_reduced(struct study_run *run, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A line of FOLDER/NAME.csv, of which the first is the header. */
bool study_row(struct study_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The rows that follow go to FOLDER/PART.csv, whose header this is. */
bool study_table(struct study_run *run, const char *part, const char *header);

/* Draws FOLDER/NAME.svg by gnuplot from commands, which follow a preamble that sets terminal, output, colours, grid and CSV as format. They
   find the table of study_row as `csv`, and the folder of the others as `folder`. The script is kept as FOLDER/NAME.gp. Without gnuplot
   a line says what to install, and that is no failure. False: it failed, and the reason was printed. */
bool study_draw(struct study_run *run, const char *commands);

/* The exponent p of the least-squares fit y = c x^p, in logarithms. */
double study_exponent(const double *x, const double *y, int n);

/* The mean of n numbers, and their standard deviation (n - 1 in its denominator; 0 if n is 1). */
double study_mean(const double *x, int n);
double study_deviation(const double *x, int n);

#endif
