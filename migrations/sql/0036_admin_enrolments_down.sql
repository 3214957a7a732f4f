DROP TABLE admin_enrolments;
