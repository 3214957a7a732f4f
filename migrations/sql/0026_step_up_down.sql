DROP TABLE step_up_challenges;
DROP TABLE two_factor_user;
